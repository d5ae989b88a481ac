import { type Node, type Value, constantOf } from '../../graph/graph.js'
import { type Tensor, elementCount } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import { Numbering } from './numbering.js'
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
  (findings) => {
    // The layers of a model compute the same mask from the same constants.
    const numbering = new Numbering()
    const folded = new Map<number, readonly Value[]>()
    return {
      node(node, inputs, { b }) {
        const values = foldable(node, inputs)
        if (!values) return undefined
        const elements = node.outputs.reduce((sum, { type }) => sum + elementCount(type.shape), 0)
        if (elements > largest) {
          findings.refusals.push({ node, reason: `its value has ${elements} elements, more than ${largest}` })
          return undefined
        }
        findings.changed++
        const number = numbering.ofNode(node, inputs)
        const known = folded.get(number)
        if (known) return known
        const outputs = operator(node.op)
          .value(values, node.attributes)
          .map((t) => b.constant(t))
        folded.set(number, outputs)
        return outputs
      },
    }
  },
)

/** The constants that a node reads, if it reads nothing else and may be folded. */
function foldable(node: Node, inputs: readonly (Value | null)[]): readonly (Tensor | null)[] | undefined {
  let reads = false
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]
    if (!input) continue
    if (input.source.kind !== 'constant') return undefined
    reads = true
  }
  if (!reads || node.op === 'Expand' || node.bodies.length > 0) return undefined
  if (operator(node.op).domain === 'dcrc') return undefined
  return inputs.map((v) => constantOf(v) ?? null)
}
