import type { Node, Value } from '../../../graph/graph.js'
import { type Copier, rewrite } from '../../../graph/rewrite.js'
import { operator } from '../../../ops/registry.js'
import type { Pass } from '../pass.js'
import { betweenWeights } from './between.js'
import { Reading } from './reading.js'

/**
 * Computes in a type of 16 bits from the first to the last use of weights that are rounded to it: `as T` of models and
 * `precision T` of stages. It runs before differentiation, so that the backward pass computes in that type too.
 *
 * An operator that may not (`narrow` of src/ops) takes operands in f32 and gives f32, and so does what takes its result
 * element by element: the mean, the differences from it, their variance and what it divides are one norm. It ends where
 * a weight comes in, or a product with something narrow.
 */
export const computeNarrow: Pass = {
  name: 'compute-narrow',
  doc: 'Computes in a type of 16 bits between the first and the last use of weights that are rounded to it.',
  requires: [],
  run(graph) {
    const { weights, between } = betweenWeights(graph)
    if (weights.size + between.size === 0) return { graph, changed: 0, refusals: [] }
    const reading = new Reading()
    let changed = 0
    const rewritten = rewrite(graph, {
      node(node, inputs, copier) {
        const weight = weights.has(node)
        if (!weight && !between.has(node)) return undefined
        const made = compute(node, inputs, copier, reading)
        if (!made) return undefined
        if (made.narrow) changed++
        if (made.narrow && weight) made.outputs.forEach(reading.keepWeight)
        return made.outputs
      },
    })
    return { graph: rewritten, changed, refusals: [] }
  },
}

interface Made {
  /** In f32, as what they stand for. */
  readonly outputs: readonly Value[]
  readonly narrow: boolean
}

/** What stands for a node; undefined where it stays as it is and its results are like any others. */
function compute(
  node: Node,
  inputs: readonly (Value | null)[],
  copier: Copier,
  reading: Reading,
): Made | undefined {
  const { b } = copier
  const { narrow, multiplies, domain } = operator(node.op)
  const floats = inputs.flatMap((v) => (v?.type.dtype === 'f32' ? [v] : []))
  const exact = (): Made => {
    const outputs = copier.keep(node, inputs)
    outputs.forEach(reading.keepExact)
    return { outputs, narrow: false }
  }
  const unlessFree = (): Made | undefined => (floats.some(reading.isExact) ? exact() : undefined)
  if (floats.length === 0) return undefined
  // What a later phase replaces gives what it is given.
  if (domain === 'dcrc' || node.bodies.length > 0) return unlessFree()
  if (narrow === 'none') return exact()

  const own = floats.find(reading.isWeight)
  const type = own ? reading.typeOf(own) : floats.map((v) => reading.typeOf(v)).find((t) => t !== undefined)
  if (!type) return unlessFree()
  const isRead = (v: Value, k: number): boolean =>
    v.type.dtype === 'f32' && (narrow === 'all' || narrow.includes(k))
  const fits = inputs.every((v, k) => !v || !isRead(v, k) || reading.fits(v, type))
  if (!fits && multiplies === undefined) {
    if (!own) return exact()
    return { outputs: copier.keep(node, inputs).map((v) => b.cast(b.cast(v, type), 'f32')), narrow: false }
  }
  const taken = inputs.map((v, k) => (v && isRead(v, k) ? reading.narrow(b, v, type) : v))
  const outputs = b.node(node.op, taken, node.attributes)
  return { outputs: outputs.map((v) => (v.type.dtype === type ? b.cast(v, 'f32') : v)), narrow: true }
}
