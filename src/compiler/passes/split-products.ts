import type { Builder } from '../../graph/builder.js'
import type { Node, Value } from '../../graph/graph.js'
import { readOnce, rewrite } from '../../graph/rewrite.js'
import type { Pass } from './pass.js'
import { given, int, madeBy } from './simplify/rule.js'

/**
 * The columns of a product that are split right after it are computed apart, from a weight whose rows are split
 * instead: the weight is smaller than the result, and the backward pass needs no concatenation.
 */
export const splitProducts: Pass = {
  name: 'split-products',
  doc: 'Split(Gemm(x, w)) along the columns becomes one Gemm per part of w.',
  requires: [],
  run(graph, { draft }) {
    if (graph.nodes.every((n) => n.op !== 'Split')) return { graph, changed: 0, refusals: [] }
    let changed = 0
    const once = readOnce(graph)
    const split = rewrite(graph, {
      draft,
      node(node, inputs, { b }) {
        const parts = node.op === 'Split' ? splitProduct(b, node, inputs, once) : undefined
        if (parts) changed++
        return parts
      },
    })
    return { graph: split, changed, refusals: [] }
  },
}

function splitProduct(
  b: Builder,
  node: Node,
  inputs: readonly (Value | null)[],
  once: (value: Value) => boolean,
): readonly Value[] | undefined {
  const whole = given(inputs, 0)
  const oldWhole = given(node.inputs, 0)
  const { shape } = whole.type
  const last = shape.length - 1
  const axis = int(node, 'axis')
  const view = madeBy(whole, 'Reshape')
  const oldView = madeBy(oldWhole, 'Reshape')
  const gemm = madeBy(view ? given(view.inputs, 0) : whole, 'Gemm')
  const product = oldView ? given(oldView.inputs, 0) : oldWhole
  if (!gemm || !once(oldWhole) || !once(product) || (axis !== last && axis !== -1)) return undefined
  const [x, weight, bias] = [given(gemm.inputs, 0), given(gemm.inputs, 1), gemm.inputs[2]]
  const columns = gemm.outputs[0]?.type.shape[1]
  const transB = int(gemm, 'transB') === 1
  if (columns !== shape[last] || (bias && bias.type.shape.at(-1) !== columns)) return undefined

  let start = 0
  return node.outputs.map(({ type }) => {
    const size = type.shape[last] ?? 0
    const rows = b.slice(weight, transB ? 0 : 1, start, start + size)
    const part = bias ? b.slice(bias, bias.type.shape.length - 1, start, start + size) : null
    start += size
    return b.reshape(b.op('Gemm', [x, rows, part], gemm.attributes), type.shape)
  })
}
