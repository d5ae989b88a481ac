import type { Json } from '../../artefact/json.js'
import { badEvaluation } from '../../diagnostics/catalogue/evaluate.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Expression } from '../1-parse/syntax.js'
import { fail } from '../3-elaborate/elaboration.js'
import { plain } from '../3-elaborate/plain.js'
import { type Val, describe } from '../3-elaborate/values.js'
import type { KindCall } from './evaluation-arguments.js'

/**
 * `published = { nmi: { clip: 0.63, dcr: 0.73 } }`: of each metric the numbers of others, by their names; under
 * `for s in [...]` a record of such records, by the names of the cases, which need not all be there.
 */
export function publishedOf(
  { kind, published }: KindCall,
  of: string | null,
  valueOf: (e: Expression) => Val,
): Json | undefined {
  if (!published) return undefined
  const given = valueOf(published)
  const wrong = (message: string, help?: string): never =>
    fail(badEvaluation(published.span, { message: `\`published\` ${message}`, help }))
  if (given.kind === 'none') return undefined
  if (given.kind !== 'record') return wrong(`takes a record of metrics, got ${describe(given)}`)
  const own = of === null ? given : given.fields.get(of)
  if (!own) return undefined
  if (own.kind !== 'record') return wrong(`takes a record of metrics for \`${of}\`, got ${describe(own)}`)
  const names = kind.metrics.map((metric) => metric.name)
  for (const [metric, numbers] of own.fields) {
    if (!names.includes(metric)) {
      const near = closest(metric, names)
      const help = near === undefined ? `it has ${names.join(', ')}` : `did you mean \`${near}\`?`
      return wrong(`names \`${metric}\`, which is no metric of \`${kind.name}\``, help)
    }
    const values = numbers.kind === 'record' ? [...numbers.fields.values()] : [numbers]
    if (numbers.kind !== 'record' || !values.every((v) => v.kind === 'float' || v.kind === 'int'))
      return wrong(`takes numbers by the names of those who measured them, got ${describe(numbers)}`)
  }
  return plain(own)
}
