import { narrowGradient } from '../../diagnostics/catalogue/target.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import type { Node, Value } from '../../graph/graph.js'
import { operands } from '../../graph/rewrite.js'
import type { Target } from '../../targets/target.js'

/** That a gradient passes what reads weights in f16, on a target that computes in it; `reached`: where gradients flow. */
export function gradientsInF16(
  nodes: readonly Node[],
  reached: ReadonlySet<Value>,
  { name, precision: { arithmetic } }: Target,
  span: Span,
): readonly Diagnostic[] {
  if (!arithmetic.includes('f16')) return []
  /** What is made of weights in f16 alone, with the name of their model. */
  const made = new Map<Value, string>()
  const modelOf = (value: Value): string | undefined =>
    value.source.kind === 'parameter' && value.source.as === 'f16' ? value.source.model : made.get(value)
  for (const node of nodes) {
    const read = operands(node)
    const weights = read.map(modelOf).find((model) => model !== undefined)
    if (weights === undefined) continue
    if (read.every((v) => v.source.kind === 'constant' || modelOf(v) !== undefined))
      for (const output of node.outputs) made.set(output, weights)
    else if (node.outputs.some((v) => reached.has(v)))
      return [narrowGradient(span, { target: name, type: 'f16', weights })]
  }
  return []
}
