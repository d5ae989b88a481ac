import { type Node, type Value, constantOf } from '../../graph/graph.js'
import { type Tensor, elementCount } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import { localPass } from './pass.js'

/** Results larger than this stay computed: constants stand in the file. */
const largest = 16_384

/** Replaces nodes that read constants alone by their value, computed in float64. */
export const foldConstants = localPass(
  {
    name: 'fold-constants',
    doc: 'Replaces nodes that read constants alone by their value. Parameters are no constants; an Expand is not folded, because broadcasting needs no copies.',
    requires: [],
  },
  (findings) => ({
    node(node, inputs, { b }) {
      const values = foldable(node, inputs)
      if (!values) return undefined
      const elements = node.outputs.reduce((sum, { type }) => sum + elementCount(type.shape), 0)
      if (elements > largest) {
        findings.refusals.push({ node, reason: `its value has ${elements} elements, more than ${largest}` })
        return undefined
      }
      findings.changed++
      return operator(node.op)
        .value(values, node.attributes)
        .map((t) => b.constant(t))
    },
  }),
)

/** The constants that a node reads, if it reads nothing else and may be folded. */
function foldable(node: Node, inputs: readonly (Value | null)[]): readonly (Tensor | null)[] | undefined {
  if (node.op === 'Expand' || node.bodies.length > 0 || operator(node.op).domain === 'dcrc') return undefined
  const values: (Tensor | null)[] = []
  for (const input of inputs) {
    const value = input === null ? null : constantOf(input)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values.some((v) => v !== null) ? values : undefined
}
