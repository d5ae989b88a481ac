import { badEvaluation, coupledRows } from '../../diagnostics/catalogue/evaluate.js'
import type { EvaluationKind } from '../../evaluations/kind.js'
import type { Graph } from '../../graph/graph.js'
import { formatType } from '../../graph/types.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import { followRows } from '../3-elaborate/follow-rows.js'
import type { Argument } from './references.js'

/**
 * Proves that the arguments of a group have one value for each row of one data set, which does not depend on the rows
 * beside it: only then is it the same whichever rows the runner takes at a time. Gives the data set and their number.
 */
export function proveRows(
  x: Elaboration,
  kind: EvaluationKind,
  given: readonly (Argument & { readonly parameter: { readonly name: string } })[],
  graph: Graph,
): { readonly data: string; readonly rows: number } {
  const names = given.map(({ parameter }) => `\`${parameter.name}\``).join(', ')
  const [first, other] = x.readsOf(graph)
  const span = given[0]?.span
  if (!span) throw new Error('a group without arguments')
  if (!first) {
    const message = `${names} of \`${kind.name}\` must be computed from the rows of a data set, and ${given.length > 1 ? 'read none' : 'reads none'}`
    return fail(badEvaluation(span, { message, help: 'read its fields: `features(digits.image)`' }))
  }
  const [data, at] = first
  if (other) {
    return fail(
      badEvaluation(other[1], {
        message: `${names} of \`${kind.name}\` belong to one row, and read the rows of \`${data}\` and of \`${other[0]}\``,
        labels: [{ span: at, message: `\`${data}\` is read here` }],
      }),
    )
  }
  const rows = x.rowsOf(data)
  // a draw with a value for each row goes with that row
  const fed = graph.inputs.filter((v) => v.type.shape[0] === rows)
  given.forEach(({ parameter, span: written }, k) => {
    const result = graph.outputs[k]?.value
    if (!result) throw new Error('an argument without output')
    const found = followRows(result, fed, rows)
    if ('coupling' in found) {
      const { op, span: node } = found.coupling
      return fail(coupledRows(written, { argument: parameter.name, data, operator: op, at: node ?? written }))
    }
    if (found.axis === 0 && result.type.shape[0] === rows) return
    const message = `\`${parameter.name}\` must give one value for each row of \`${data}\`, it gives ${formatType(result.type)} for ${rows} rows`
    fail(badEvaluation(written, { message }))
  })
  return { data, rows }
}
