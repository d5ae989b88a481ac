import { badValue } from '../../diagnostics/catalogue/stage.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { amountOf, measureOf } from '../1-parse/units.js'
import type { FlatStage } from '../2-resolve/flat-stage.js'
import { fail } from '../3-elaborate/elaboration.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import { describe } from '../3-elaborate/values.js'

/** What `memory 16 GB` allows a step to take, in bytes; null without the clause. */
export function memoryBudget(
  scope: PipelineScope,
  stage: FlatStage,
): { readonly bytes: number; readonly span: Span } | null {
  for (const { clause, file } of stage.clauses) {
    if (clause.kind !== 'clause' || clause.name.text !== 'memory') continue
    const { value, span } = clause
    const size = evaluate(scope.elaboration, value, scope.environment(file))
    const bytes = size.kind === 'quantity' && measureOf(size) === 'bytes' ? amountOf(size) : 0
    if (bytes > 0) return { bytes, span }
    const wanted = 'a number above 0 with its unit (kB, MB, GB or TB), as in `16 GB`'
    return fail(badValue(span, { name: 'memory', wanted, got: describe(size) }))
  }
  return null
}
