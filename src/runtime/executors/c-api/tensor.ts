import { byteSize, type DType, formatType, sameShape } from '../../../graph/types.js'
import { elementType } from '../../../onnx/element-types.js'
import { type HostTensor, hostArray } from '../../tensors.js'
import type { HeldType } from '../executor.js'
import type { Library, Pointer } from './library.js'
import { type Memory, hostMemory, tensorAround } from './memory.js'

/** A tensor that onnxruntime knows; it stands until it is released. */
export class OrtTensor {
  private constructor(
    private readonly memory: Memory,
    readonly pointer: Pointer,
    readonly dtype: DType,
    readonly shape: readonly number[],
    /** Memory of JavaScript that its values lie in, kept alive with it. */
    readonly values?: HostTensor['data'],
  ) {}

  /** Values of JavaScript, where they lie. */
  static around(library: Library, tensor: HostTensor): OrtTensor {
    const pointer = tensorAround(library, library.hostMemory, tensor, tensor.data)
    return new OrtTensor(hostMemory(library), pointer, tensor.dtype, tensor.shape, tensor.data)
  }

  /** Room that stays, with any values. */
  static room(memory: Memory, { dtype, shape }: HeldType): OrtTensor {
    return new OrtTensor(memory, memory.room({ dtype, shape }), dtype, shape)
  }

  /** What a run has made. */
  static made(library: Library, pointer: Pointer): OrtTensor {
    const info = library.make('GetTensorTypeAndShape', pointer)
    const type = new Int32Array(1)
    library.call('GetTensorElementType', info, type)
    const dimensions = new BigInt64Array(Number(library.make('GetDimensionsCount', info)))
    library.call('GetDimensions', info, dimensions, dimensions.length)
    library.release('ReleaseTensorTypeAndShapeInfo', info)
    const dtype = elementType(type[0] ?? 0)
    if (!dtype) throw new Error(`a graph gave a tensor of type ${type[0]}`)
    return new OrtTensor(hostMemory(library), pointer, dtype, Array.from(dimensions, Number))
  }

  write({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.memory.write(this.pointer, new Uint8Array(buffer, byteOffset, byteLength))
  }

  /** Takes the values of a tensor of the same type and shape. */
  fill({ dtype, shape, data }: HostTensor): void {
    if (dtype !== this.dtype || !sameShape(shape, this.shape))
      throw new Error(`${formatType({ dtype, shape })} was given for ${formatType(this)}`)
    this.write(data)
  }

  clear(): void {
    this.memory.clear(this.pointer, byteSize(this))
  }

  /** A copy of its values. */
  read(): HostTensor {
    const { dtype, shape } = this
    return { dtype, shape, data: hostArray(dtype, this.memory.read(this.pointer, byteSize(this)).buffer) }
  }

  /** Copies its values to memory of their size. */
  copy(into: Uint8Array): void {
    this.memory.copy(this.pointer, into)
  }

  release(): void {
    this.memory.release(this.pointer)
  }
}
