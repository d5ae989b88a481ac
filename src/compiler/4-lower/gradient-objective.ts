import { accumulatedGradient, gradientCoverage } from '../../diagnostics/catalogue/gradient.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { type Node, type Output, type Value, producer } from '../../graph/graph.js'
import { operands } from '../../graph/rewrite.js'
import { roleOf } from '../../graph/roles.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import type { PlacedWeight } from '../3-elaborate/facts.js'
import type { GradientVal } from '../3-elaborate/values.js'

/** The outputs of a stage that minimizes by a gradient; it must have an entry for each trained parameter and no other. */
export function gradientOutputs(
  x: Elaboration,
  { parts }: GradientVal,
  stage: { readonly trained: readonly PlacedWeight[]; readonly accumulate: number; readonly span: Span },
): readonly Output[] {
  const { trained, accumulate, span } = stage
  const keys = trained.map(keyOf)
  const missing = keys.filter((key) => !parts.has(key))
  const extra = [...parts.keys()].filter((key) => !keys.includes(key))
  if (missing.length + extra.length > 0) {
    const shown = (key: string): string => key.replace('/', '.')
    return fail(gradientCoverage(span, { missing: missing.map(shown), extra: extra.map(shown) }))
  }
  const { gradients, beside } = computedFrom([...parts.values()])
  const ofBatch = beside.some((v) => roleOf(v)?.kind === 'batch')
  if (accumulate > 1 && ofBatch) return fail(accumulatedGradient(span, { accumulate }))
  const losses = new Set(gradients.flatMap(({ inputs: [loss] }) => (loss ? [loss] : [])))
  const [first, ...others] = losses
  if (!first) throw new Error('a gradient of no loss')
  const loss = x.build(span, (b) => others.reduce((sum, l) => b.add(sum, l), first))
  return [
    lossOutput(loss),
    ...trained.flatMap((weight): Output[] => {
      const { model, path } = weight
      const value = parts.get(keyOf(weight))
      return value
        ? [{ name: `gradient/${model}/${path}`, value, role: { kind: 'gradient', model, path } }]
        : []
    }),
  ]
}

const keyOf = ({ model, path }: PlacedWeight): string => `${model}/${path}`

/** What a stage minimizes. */
export const lossOutput = (value: Value): Output => ({ name: 'loss', value, role: { kind: 'loss' } })

/** A gradient with respect to parameters; some of them may be out of the loss's reach. */
export const isPartial = (node: Node): boolean => node.op === 'Gradient' && node.attributes['partial'] === 1

/**
 * The gradients with respect to parameters from which values are computed, in the order of their making, and the
 * leaves of the graph that the computation reads beside them.
 */
export function computedFrom(values: readonly Value[]): {
  readonly gradients: readonly Node[]
  readonly beside: readonly Value[]
} {
  const seen = new Set<Value>()
  const gradients = new Set<Node>()
  const beside: Value[] = []
  const open = [...values]
  for (let value = open.pop(); value; value = open.pop()) {
    if (seen.has(value)) continue
    seen.add(value)
    const node = producer(value)
    if (!node) beside.push(value)
    else if (isPartial(node)) gradients.add(node)
    else open.push(...operands(node))
  }
  return { gradients: [...gradients].sort((a, b) => a.id - b.id), beside }
}
