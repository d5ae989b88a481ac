import { dataType, elementType } from '../../../onnx/element-types.js'
import { byteSize, type DType } from '../../../graph/types.js'
import { type HostTensor, hostArray } from '../../tensors.js'
import type { Library, Pointer } from './library.js'

/** A tensor that onnxruntime knows; it stands until it is released. */
export class OrtTensor {
  private constructor(
    private readonly library: Library,
    readonly pointer: Pointer,
    readonly dtype: DType,
    readonly shape: readonly number[],
    /** Memory of JavaScript that its values lie in, kept alive with it. */
    readonly memory?: HostTensor['data'],
  ) {}

  /** Values of JavaScript, where they lie. */
  static around(library: Library, { dtype, shape, data }: HostTensor): OrtTensor {
    const dimensions = BigInt64Array.from(shape, BigInt)
    const pointer = library.make(
      'CreateTensorWithDataAsOrtValue',
      library.hostMemory,
      data,
      data.byteLength,
      dimensions,
      shape.length,
      dataType[dtype],
    )
    return new OrtTensor(library, pointer, dtype, shape, data)
  }

  /** Room of onnxruntime's own, with any values. */
  static room(library: Library, dtype: DType, shape: readonly number[]): OrtTensor {
    const dimensions = BigInt64Array.from(shape, BigInt)
    const { allocator } = library
    const pointer = library.make(
      'CreateTensorAsOrtValue',
      allocator,
      dimensions,
      shape.length,
      dataType[dtype],
    )
    return new OrtTensor(library, pointer, dtype, shape)
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
    return new OrtTensor(library, pointer, dtype, Array.from(dimensions, Number))
  }

  write(values: ArrayBufferView): void {
    this.bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }

  clear(): void {
    this.bytes.fill(0)
  }

  /** A copy of its values. */
  read(): HostTensor {
    const { dtype, shape } = this
    return { dtype, shape, data: hostArray(dtype, this.bytes.slice().buffer) }
  }

  release(): void {
    this.library.release('ReleaseValue', this.pointer)
  }

  private get bytes(): Uint8Array<ArrayBuffer> {
    const length = byteSize(this)
    return this.library.bytesAt(this.library.make('GetTensorMutableData', this.pointer), length)
  }
}
