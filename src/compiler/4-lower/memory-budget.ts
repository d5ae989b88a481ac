import { badValue } from '../../diagnostics/catalogue/stage.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { FlatStage } from '../2-resolve/flatten.js'
import { fail } from '../3-elaborate/elaboration.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import { describe } from '../3-elaborate/values.js'

const unitBytes: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/** What `memory 16 GB` allows a step to take, in bytes; null without the clause. */
export function memoryBudget(
  scope: PipelineScope,
  stage: FlatStage,
): { readonly bytes: number; readonly span: Span } | null {
  for (const { clause, file } of stage.clauses) {
    if (clause.kind !== 'clause' || clause.name.text !== 'memory') continue
    const { value: expression, unit, span } = clause
    const size = evaluate(scope.elaboration, expression, scope.environment(file))
    const factor = unitBytes[unit?.text ?? '']
    if ((size.kind !== 'int' && size.kind !== 'float') || size.value <= 0 || factor === undefined) {
      const wanted = 'a number above 0 and a unit (kB, MB, GB or TB), as in `16 GB`'
      const got = `${describe(size)} ${unit ? `and \`${unit.text}\`` : 'alone'}`
      return fail(badValue(span, { name: 'memory', wanted, got }))
    }
    return { bytes: size.value * factor, span }
  }
  return null
}
