import { kinds } from '../../diagnostics/catalogue/index.js'
import { allowWithoutReason, needlessAllow, unknownWarning } from '../../diagnostics/catalogue/allow.js'
import type { Diagnostic, Diagnostics } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Allow } from '../1-parse/syntax.js'
import type { FlatPipeline } from './flatten.js'

/**
 * A budget of memory that the pipeline itself sets is raised or removed, not allowed to be exceeded; models that are not
 * there are fetched.
 */
const never: ReadonlySet<string> = new Set(['stage/memory', 'model/absent'])

/** The codes that may be allowed: those of warnings. */
const allowedCodes: readonly string[] = [...kinds.values()]
  .filter(({ severity, code }) => severity === 'warning' && !code.startsWith('allow/') && !never.has(code))
  .map(({ code }) => code)

/** Warnings that only a run gives, so that nothing here tells whether allowing one is needed. */
const ofRuns = (code: string): boolean => code.startsWith('run/')

export interface Allowance {
  readonly allow: Allow
  /** Of this stage only. */
  readonly stage?: string
  readonly inherited: boolean
}

/** All that a pipeline allows, by itself and in its stages. */
export function allowances({ allowed, stages }: FlatPipeline): readonly Allowance[] {
  const ofStages = stages.flatMap(({ name, clauses, inherited }) =>
    clauses.flatMap(({ clause, inherited: kept }) =>
      clause.kind === 'allow'
        ? [{ allow: clause, stage: name.text, inherited: inherited || kept === true }]
        : [],
    ),
  )
  return [...allowed, ...ofStages]
}

/** Reports what is allowed and no code of a warning, and what is allowed for no reason. */
export function checkAllowed(pipeline: FlatPipeline, diagnostics: Diagnostics): void {
  for (const { allow } of allowances(pipeline)) {
    const { code, reason } = allow
    if (!allowedCodes.includes(code.text)) {
      const suggestion =
        allowedCodes.find((known) => known.endsWith(`/${code.text}`)) ?? closest(code.text, allowedCodes)
      const error = kinds.has(code.text)
      diagnostics.add(unknownWarning(code.span, { code: code.text, error, suggestion, known: allowedCodes }))
    }
    if (reason.text.trim() === '') diagnostics.add(allowWithoutReason(reason.span, { code: code.text }))
  }
}

/**
 * The diagnostics of a pipeline without the warnings that it allows. When the analysis is complete, an `allow` of this
 * pipeline that silences nothing is told.
 */
export function withoutAllowed(
  pipeline: FlatPipeline,
  found: readonly Diagnostic[],
  complete: boolean,
): readonly Diagnostic[] {
  const all = allowances(pipeline)
  const used = new Set<Allow>()
  const kept = found.filter((d) => {
    if (d.severity === 'error') return true
    const silencing = all.filter(
      ({ allow, stage }) => allow.code.text === d.code && (stage === undefined || stage === d.stage),
    )
    for (const { allow } of silencing) used.add(allow)
    return silencing.length === 0
  })
  if (!complete) return kept
  const needless = all.filter(
    ({ allow, inherited }) => !inherited && !used.has(allow) && !ofRuns(allow.code.text),
  )
  return [
    ...kept,
    ...needless.map(({ allow, stage }) => needlessAllow(allow.span, { code: allow.code.text, stage })),
  ]
}
