import { readModel, writeModel } from '../onnx/protobuf.js'

/** The model with its external initializers held in it: one file, for small ones. */
export function embed(model: Uint8Array, values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const decoded = readModel(model)
  for (const tensor of decoded.graph?.initializer ?? []) {
    if (tensor.dataLocation !== 1) continue
    const rawData = values.get(tensor.name ?? '')
    if (!rawData) throw new Error(`embed: no values for parameter ${tensor.name}`)
    Object.assign(tensor, { dataLocation: 0, externalData: [], rawData })
  }
  return writeModel(decoded)
}
