import { type DType, byteSize } from '../graph/types.js'
import { dataType } from '../onnx/element-types.js'
import { readModel, writeModel } from '../onnx/protobuf.js'

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
  const decoded = readModel(model)
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
    tensor.externalData = placeOf(binding)
  }
  return writeModel(decoded)
}

/**
 * The model with inputs turned into initializers that lie in files, by the inputs' names: results that were computed
 * once are mapped like frozen parameters.
 */
export function linkInputs(model: Uint8Array, bindings: ReadonlyMap<string, Binding>): Uint8Array {
  if (bindings.size === 0) return model
  const decoded = readModel(model)
  const { graph } = decoded
  if (!graph) throw new Error('link: a model without a graph')
  const isBound = ({ name }: { readonly name?: string | null }): boolean => bindings.has(name ?? '')
  for (const { name, type } of graph.input?.filter(isBound) ?? []) {
    const binding = bindings.get(name ?? '')
    const dims = type?.tensorType?.shape?.dim?.map(({ dimValue }) => Number(dimValue)) ?? []
    if (!binding || type?.tensorType?.elemType !== dataType[binding.dtype])
      throw new Error(`link: input ${name} is of another type than its file`)
    if (byteSize({ dtype: binding.dtype, shape: dims }) !== binding.length)
      throw new Error(`link: input ${name} has another size than its file`)
    graph.initializer?.push({
      name: name ?? '',
      dataType: dataType[binding.dtype],
      dims,
      dataLocation: 1,
      externalData: placeOf(binding),
    })
  }
  graph.input = graph.input?.filter((input) => !isBound(input)) ?? []
  return writeModel(decoded)
}

const placeOf = ({ location, offset, length }: Binding): { key: string; value: string }[] => [
  { key: 'location', value: location },
  { key: 'offset', value: String(offset) },
  { key: 'length', value: String(length) },
]
