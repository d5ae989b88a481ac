import { badValue } from '../../diagnostics/catalogue/stage.js'
import type { Diagnostics } from '../../diagnostics/diagnostic.js'
import type { FlatStage } from '../2-resolve/flat-stage.js'
import { fail } from '../3-elaborate/elaboration.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import { describe } from '../3-elaborate/values.js'
import { type Clauses, attempt, positiveNumber } from './clauses.js'
import type { StageSafety } from './lowered.js'

const ways: readonly StageSafety['onNonfinite'][] = ['stop', 'skip']

/** What `on_nonfinite` and `stop when loss > x for n steps` say; without them a step that is not finite ends the run. */
export function stageSafety(
  scope: PipelineScope,
  stage: FlatStage,
  { values }: Clauses,
  diagnostics: Diagnostics,
): StageSafety {
  const x = scope.elaboration
  const given = values.get('on_nonfinite')
  const onNonfinite = (): StageSafety['onNonfinite'] => {
    if (!given) return 'stop'
    const value = evaluate(x, given.value, scope.environment(given.file))
    const way = ways.find((name) => value.kind === 'string' && value.value === name)
    const facts = { name: 'on_nonfinite', wanted: '"stop" or "skip"', got: describe(value) }
    return way ?? fail(badValue(given.value.span, facts))
  }
  const found = stage.clauses.find(({ clause }) => clause.kind === 'guard')
  const guard = (): StageSafety['guard'] => {
    if (found?.clause.kind !== 'guard') return null
    const { above, steps } = found.clause
    const env = scope.environment(found.file)
    const limit = evaluate(x, above, env)
    if (limit.kind !== 'int' && limit.kind !== 'float')
      return fail(
        badValue(above.span, { name: 'stop when loss >', wanted: 'a number', got: describe(limit) }),
      )
    return { above: limit.value, steps: positiveNumber(x, env, 'for', steps, 'int') }
  }
  return {
    onNonfinite: attempt(diagnostics, onNonfinite, 'stop'),
    guard: attempt(diagnostics, guard, null),
  }
}
