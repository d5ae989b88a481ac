import type { Builder } from '../../graph/builder.js'
import type { Node, Value } from '../../graph/graph.js'
import { elementCount, tensor } from '../../graph/types.js'
import { localPass } from './pass.js'
import { given, integers, reshaped } from './simplify/rule.js'

/** More rows than this are summed as they are: the ones stand in the file. */
const mostRows = 65_536

/**
 * onnxruntime's CPU kernel sums over leading axes (the gradient of a bias) 2 to 13 times slower than it multiplies
 * by a row of ones, and over leading and trailing axes at once twice as slow as over one after the other.
 */
export const sumRows = localPass(
  {
    name: 'sum-rows',
    doc: 'A sum over the first axes becomes a product with a row of ones, after a sum over the last axes if it is over those too.',
    requires: ['simplify'],
  },
  (findings) => ({
    node(node, inputs, { b }) {
      const value = node.op === 'ReduceSum' ? asProduct(b, node, inputs) : undefined
      if (!value) return undefined
      findings.changed++
      return [value]
    },
  }),
)

function asProduct(b: Builder, node: Node, inputs: readonly (Value | null)[]): Value | undefined {
  const x = given(inputs, 0)
  const { dtype, shape } = x.type
  const rank = shape.length
  const axes = integers(inputs[1])?.map((a) => (a < 0 ? a + rank : a)) ?? []
  const [out] = node.outputs
  if (dtype !== 'f32' || !out) return undefined
  let leading = 0
  while (axes.includes(leading)) leading++
  let kept = rank
  while (kept > leading && axes.includes(kept - 1)) kept--
  const rows = elementCount(shape.slice(0, leading))
  const columns = elementCount(shape.slice(leading, kept))
  if (axes.length !== leading + rank - kept || rows < 2 || rows > mostRows || columns < 2) return undefined
  const trailing = axes.filter((a) => a >= kept)
  const matrix = reshaped(b, b.sum(x, trailing), [rows, columns])
  const ones = b.constant(tensor('f32', [1, rows], new Float64Array(rows).fill(1)))
  return b.reshape(b.op('Gemm', [ones, matrix, null]), out.type.shape)
}
