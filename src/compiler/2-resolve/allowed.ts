import { kinds } from '../../diagnostics/catalogue/index.js'
import { allowWithoutReason, needlessAllow, unknownRule } from '../../diagnostics/catalogue/allow.js'
import type { Diagnostic, Diagnostics } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Allow } from '../1-parse/syntax.js'
import type { FlatPipeline } from './flatten.js'

/** What `allow` calls a diagnostic: `coupled_accumulation` for `stage/coupled-accumulation`. */
export const ruleOf = (code: string): string => code.slice(code.indexOf('/') + 1).replaceAll('-', '_')

/**
 * A budget of memory that the pipeline itself sets is raised or removed, not allowed to be exceeded; models that are not
 * there are fetched.
 */
const never: ReadonlySet<string> = new Set(['stage/memory', 'model/absent'])

/** The rules that may be allowed: those that warn. */
export const allowedRules: readonly string[] = [...kinds.values()]
  .filter(({ severity, code }) => severity === 'warning' && !code.startsWith('allow/') && !never.has(code))
  .map((kind) => ruleOf(kind.code))

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

/** Reports what is allowed and no rule, and what is allowed for no reason. */
export function checkAllowed(pipeline: FlatPipeline, diagnostics: Diagnostics): void {
  for (const { allow } of allowances(pipeline)) {
    const { rule, reason } = allow
    if (!allowedRules.includes(rule.text)) {
      const error = [...kinds.keys()].some((code) => ruleOf(code) === rule.text)
      const suggestion = closest(rule.text, allowedRules)
      diagnostics.add(unknownRule(rule.span, { name: rule.text, error, suggestion, known: allowedRules }))
    }
    if (reason.text.trim() === '') diagnostics.add(allowWithoutReason(reason.span, { rule: rule.text }))
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
      ({ allow, stage }) => allow.rule.text === ruleOf(d.code) && (stage === undefined || stage === d.stage),
    )
    for (const { allow } of silencing) used.add(allow)
    return silencing.length === 0
  })
  if (!complete) return kept
  const needless = all.filter(({ allow, inherited }) => !inherited && !used.has(allow))
  return [
    ...kept,
    ...needless.map(({ allow, stage }) => needlessAllow(allow.span, { rule: allow.rule.text, stage })),
  ]
}
