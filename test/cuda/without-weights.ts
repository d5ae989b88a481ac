import { readModel, writeModel } from '../../src/onnx/protobuf.js'

/** A compiled graph that is fed the weights which it reads from files, so that sessions of it need none. */
export function withoutWeights(bytes: Uint8Array): Uint8Array {
  const { graph, irVersion = 0, opsetImport } = readModel(bytes)
  const initializers = graph?.initializer ?? []
  const outside = initializers.filter(({ externalData }) => (externalData ?? []).length > 0)
  return writeModel({
    irVersion,
    opsetImport,
    graph: {
      name: graph?.name ?? '',
      node: graph?.node ?? [],
      output: graph?.output ?? [],
      initializer: initializers.filter((tensor) => !outside.includes(tensor)),
      input: [
        ...(graph?.input ?? []),
        ...outside.map(({ name = '', dataType: elemType = 0, dims }) => ({
          name,
          type: { tensorType: { elemType, shape: { dim: (dims ?? []).map((dimValue) => ({ dimValue })) } } },
        })),
      ],
    },
  })
}
