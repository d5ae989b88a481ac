import onnxProto from 'onnx-proto'

const { ModelProto } = onnxProto.onnx
type Nodes = NonNullable<onnxProto.onnx.IGraphProto['node']>

/**
 * A model with only the nodes that one of its outputs needs, in their order, so that evaluating it many times is
 * cheaper. The nodes that stay are the same, so the output is the same bits.
 */
export function onlyOutput(
  model: Uint8Array,
  output: string,
): { readonly model: Uint8Array; readonly inputs: ReadonlySet<string> } {
  const decoded = ModelProto.decode(model)
  const { graph } = decoded
  if (!graph) throw new Error('a model without a graph')
  const needed = new Set([output])
  const kept: Nodes = []
  for (const node of [...(graph.node ?? [])].reverse()) {
    if (!node.output?.some((name) => needed.has(name))) continue
    kept.unshift(node)
    for (const name of readsOf(node)) needed.add(name)
  }
  graph.node = kept
  graph.initializer = graph.initializer?.filter(({ name }) => needed.has(name ?? '')) ?? []
  graph.input = graph.input?.filter(({ name }) => needed.has(name ?? '')) ?? []
  graph.output = graph.output?.filter(({ name }) => name === output) ?? []
  graph.valueInfo = []
  return {
    model: new Uint8Array(ModelProto.encode(decoded).finish()),
    inputs: new Set(graph.input.map(({ name }) => name ?? '')),
  }
}

/** The names that a node reads, those that its bodies take from outside among them. */
function readsOf(node: Nodes[number]): readonly string[] {
  const inside = (node.attribute ?? []).flatMap(({ g }) => (g?.node ?? []).flatMap(readsOf))
  return [...(node.input ?? []), ...inside].filter((name) => name !== '')
}
