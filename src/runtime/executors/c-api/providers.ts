import { cudaMemory } from './cuda-memory.js'
import type { Library, Pointer } from './library.js'
import { type Memory, hostMemory } from './memory.js'

/** What the C API has of its own for a provider of onnxruntime. */
interface Provider {
  /** Where it reads and writes what stays from run to run. */
  readonly memory: (library: Library) => Memory
  /** Puts it before the processor's, with its settings; the processor's is there by itself. */
  readonly append?: (library: Library, options: Pointer, settings: Readonly<Record<string, string>>) => void
}

const providers: Readonly<Record<string, Provider>> = {
  cpu: { memory: hostMemory },
  cuda: {
    memory: cudaMemory,
    append(library, options, settings) {
      const own = library.make('CreateCUDAProviderOptions')
      try {
        const [names, values] = [Object.keys(settings), Object.values(settings)]
        library.call('UpdateCUDAProviderOptions', own, names, values, names.length)
        library.call('SessionOptionsAppendExecutionProvider_CUDA_V2', options, own)
      } finally {
        library.release('ReleaseCUDAProviderOptions', own)
      }
    },
  },
}

export function providerNamed(name: string): Provider {
  const provider = providers[name]
  if (!provider) throw new Error(`the C API knows no provider ${name}`)
  return provider
}

/**
 * The setting by which a provider of a device records the work of a run, to give it to the device as a whole from the next
 * run on. The first run of each record is computed three times: what it reads it must not write.
 */
export const captures = { enable_cuda_graph: '1' }
