import { byteSize } from '../../../graph/types.js'
import { dataType } from '../../../onnx/element-types.js'
import type { HeldType } from '../executor.js'
import type { Library, Pointer } from './library.js'

/** Where tensors lie that stay from run to run: in the memory of the machine, or of a device. */
export interface Memory {
  /** A tensor with any values. */
  room(type: HeldType): Pointer
  write(tensor: Pointer, values: Uint8Array): void
  clear(tensor: Pointer, length: number): void
  /** A copy of a tensor's values. */
  read(tensor: Pointer, length: number): Uint8Array<ArrayBuffer>
  /** Copies as many bytes as there is room for. */
  copy(tensor: Pointer, into: Uint8Array): void
  release(tensor: Pointer): void
}

/** The memory of the machine. */
export function hostMemory(library: Library): Memory {
  const bytes = (tensor: Pointer, length: number): Uint8Array<ArrayBuffer> =>
    library.bytesAt(library.make('GetTensorMutableData', tensor), length)
  return {
    room: ({ dtype, shape }) =>
      library.make(
        'CreateTensorAsOrtValue',
        library.allocator,
        dimensions(shape),
        shape.length,
        dataType[dtype],
      ),
    write: (tensor, values) => bytes(tensor, values.length).set(values),
    clear: (tensor, length) => void bytes(tensor, length).fill(0),
    read: (tensor, length) => bytes(tensor, length).slice(),
    copy: (tensor, into) => into.set(bytes(tensor, into.length)),
    release: (tensor) => library.release('ReleaseValue', tensor),
  }
}

/** A tensor around memory that somebody else keeps; `info` says where it lies. */
export function tensorAround(
  library: Library,
  info: Pointer,
  { dtype, shape }: HeldType,
  memory: Pointer | ArrayBufferView,
): Pointer {
  const length = byteSize({ dtype, shape })
  const type = dataType[dtype]
  const around = [dimensions(shape), shape.length, type] as const
  return library.make('CreateTensorWithDataAsOrtValue', info, memory, length, ...around)
}

const dimensions = (shape: readonly number[]): BigInt64Array => BigInt64Array.from(shape, BigInt)
