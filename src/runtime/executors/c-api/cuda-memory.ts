import { byteSize } from '../../../graph/types.js'
import type { Library, Pointer } from './library.js'
import { type Memory, tensorAround } from './memory.js'

/** The runtime of CUDA that the provider of our onnxruntime stands on. */
const runtime = 'libcudart.so.13'

/** What we call of it; all give an error's number. */
const functions = {
  cudaMalloc: 'int cudaMalloc(void *, size_t)',
  cudaFree: 'int cudaFree(void *)',
  cudaMemcpy: 'int cudaMemcpy(void *, void *, size_t, int)',
  cudaMemset: 'int cudaMemset(void *, int, size_t)',
} as const

/** `cudaMemcpyKind`. */
const [toDevice, toHost] = [1, 2]
/** Of the enumerations of onnxruntime: memory of a device, by its allocator. */
const [deviceAllocator, defaultMemory] = [0, 0]

/**
 * Memory of the first CUDA device. It is asked of the device itself, not of a session's arena: what is kept there outlives
 * sessions, and several of them read it.
 */
export function cudaMemory(library: Library): Memory {
  const call = callsOf(library)
  const info = library.make('CreateMemoryInfo', 'Cuda', deviceAllocator, 0, defaultMemory)
  const places = new Map<Pointer, Pointer>()
  const placeOf = (tensor: Pointer): Pointer => {
    const place = places.get(tensor)
    if (place === undefined) throw new Error('no tensor of the device')
    return place
  }
  const made = new BigUint64Array(1)
  const read = (tensor: Pointer, length: number): Uint8Array<ArrayBuffer> => {
    const values = new Uint8Array(length)
    call.cudaMemcpy(values, placeOf(tensor), length, toHost)
    return values
  }
  return {
    room(type) {
      // a tensor of nothing has a place too
      call.cudaMalloc(made, Math.max(1, byteSize(type)))
      const [place = 0n] = made
      const tensor = tensorAround(library, info, type, place)
      places.set(tensor, place)
      return tensor
    },
    write: (tensor, values) => call.cudaMemcpy(placeOf(tensor), values, values.byteLength, toDevice),
    clear: (tensor, length) => call.cudaMemset(placeOf(tensor), 0, length),
    read,
    // not at once: memory that threads share cannot be handed to CUDA
    copy: (tensor, into) => into.set(read(tensor, into.length)),
    release(tensor) {
      library.release('ReleaseValue', tensor)
      call.cudaFree(placeOf(tensor))
      places.delete(tensor)
    },
  }
}

type Calls = Readonly<Record<keyof typeof functions, (...args: readonly unknown[]) => void>>

function callsOf(library: Library): Calls {
  const cudart = library.other(runtime)
  const calls = Object.entries(functions).map(
    ([name, type]): [string, (...args: readonly unknown[]) => void] => {
      const native = cudart.func(type) as (...args: readonly unknown[]) => number
      return [
        name,
        (...args) => {
          const failure = native(...args)
          // in onnxruntime's words, by which others know what it means
          if (failure !== 0) throw new Error(`CUDA failure ${failure}: ${name}${requested(name, args)}`)
        },
      ]
    },
  )
  return Object.fromEntries(calls) as Calls
}

const requested = (name: string, [, bytes]: readonly unknown[]): string =>
  name === 'cudaMalloc' ? `, requested ${String(bytes)}` : ''
