import onnxProto from 'onnx-proto'
import type { DType } from '../../graph/types.js'
import { dataType } from '../../onnx/element-types.js'

const { ModelProto } = onnxProto.onnx

/** Where a parameter's bytes lie. `location` is relative to the folder that the session gets as its root. */
export interface Binding {
  readonly location: string
  readonly offset: number
  readonly length: number
  readonly dtype: DType
}

/** The session entry that makes onnxruntime resolve locations of external initializers against a folder. */
export const rootFolderEntry = 'model_external_initializers_file_folder_path'

/**
 * The model with its external initializers bound to files: onnxruntime maps them where they lie. Every external
 * initializer needs a binding of its element type and exact length.
 */
export function link(model: Uint8Array, bindings: ReadonlyMap<string, Binding>): Uint8Array {
  const decoded = ModelProto.decode(model)
  for (const tensor of decoded.graph?.initializer ?? []) {
    if (tensor.dataLocation !== 1) continue
    const name = tensor.name ?? ''
    const binding = bindings.get(name)
    if (!binding) throw new Error(`link: no file for parameter ${name}`)
    const length = Number(tensor.externalData?.find((e) => e.key === 'length')?.value)
    if (tensor.dataType !== dataType[binding.dtype] || length !== binding.length) {
      throw new Error(
        `link: parameter ${name} is ${length} bytes of type ${tensor.dataType}, its file has ${binding.length} of ${binding.dtype}`,
      )
    }
    tensor.externalData = [
      { key: 'location', value: binding.location },
      { key: 'offset', value: String(binding.offset) },
      { key: 'length', value: String(binding.length) },
    ]
  }
  return new Uint8Array(ModelProto.encode(decoded).finish())
}
