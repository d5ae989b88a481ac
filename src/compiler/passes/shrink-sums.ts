import { type Graph, type Node, type Value, constantOf, producer } from '../../graph/graph.js'
import { rewrite } from '../../graph/rewrite.js'
import { elementCount, sameShape } from '../../graph/types.js'
import type { Pass } from './pass.js'
import { given, int } from './simplify/rule.js'

/**
 * The backward pass of attention sums (g v^T) * p over the keys, where o = p v is at hand: that is the sum of g * o
 * over the channels, which are fewer than the keys (Dao et al. 2022, FlashAttention, Eq. 4).
 */
export const shrinkSums: Pass = {
  name: 'shrink-sums',
  doc: 'sum_j (g v^T)_ij p_ij becomes sum_d g_id o_id where o = p v exists and is smaller.',
  requires: ['fuse-matmul'],
  run(graph, { draft }) {
    const sums = smallerSums(graph)
    if (sums.size === 0) return { graph, changed: 0, refusals: [] }
    const shrunk = rewrite(graph, {
      draft,
      node(node, _inputs, copier) {
        const found = sums.get(node)
        if (!found) return undefined
        const { b } = copier
        const product = b.mul(copier.value(found.g), copier.value(found.o))
        const sum = b.sum(product, [product.type.shape.length - 1], int(node, 'keepdims', 1) === 1)
        return [b.scale(sum, found.alpha)]
      },
    })
    return { graph: shrunk, changed: sums.size, refusals: [] }
  },
}

interface SmallerSum {
  readonly g: Value
  readonly o: Value
  readonly alpha: number
}

function smallerSums(graph: Graph): ReadonlyMap<Node, SmallerSum> {
  const products = new Map<Value | null | undefined, Node[]>()
  for (const node of graph.nodes) {
    if (node.op !== 'MatMul') continue
    const others = products.get(node.inputs[0])
    if (others) others.push(node)
    else products.set(node.inputs[0], [node])
  }
  const sums = new Map<Node, SmallerSum>()
  for (const node of graph.nodes) {
    const found = node.op === 'ReduceSum' ? smallerSum(node, (p) => products.get(p) ?? []) : undefined
    if (found) sums.set(node, found)
  }
  return sums
}

/** `productsOf` gives the MatMuls whose first operand a value is. */
function smallerSum(node: Node, productsOf: (p: Value) => readonly Node[]): SmallerSum | undefined {
  const product = producer(given(node.inputs, 0))
  const [axis, ...more] = constantOf(node.inputs[1])?.data ?? []
  const rank = node.inputs[0]?.type.shape.length ?? 0
  if (product?.op !== 'Mul' || more.length > 0 || (axis !== rank - 1 && axis !== -1)) return undefined
  for (const k of [0, 1]) {
    const [back, p] = [producer(given(product.inputs, k)), given(product.inputs, 1 - k)]
    if (back?.op !== 'FusedMatMul' || int(back, 'transA') === 1 || int(back, 'transB') !== 1) continue
    const [g, v] = [given(back.inputs, 0), given(back.inputs, 1)]
    if (
      !sameShape(p.type.shape, product.outputs[0]?.type.shape ?? []) ||
      !sameShape(p.type.shape, back.outputs[0]?.type.shape ?? [])
    )
      continue
    const o = productsOf(p).find((product) => product.inputs[1] === v)?.outputs[0]
    if (
      !o ||
      !sameShape(o.type.shape, g.type.shape) ||
      elementCount(o.type.shape) >= elementCount(p.type.shape)
    )
      continue
    return { g, o, alpha: int(back, 'alpha', 1) }
  }
  return undefined
}
