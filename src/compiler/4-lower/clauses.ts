import { badValue, duplicateClause, twoLengths } from '../../diagnostics/catalogue/stage.js'
import { type Diagnostics, type Span, UserError } from '../../diagnostics/diagnostic.js'
import type { Expression, FreezeClause, MonitorClause, StageClause, TrainClause } from '../1-parse/syntax.js'
import type { ClauseName } from '../2-resolve/clauses.js'
import { type FlatClause, clauseKey } from '../2-resolve/flat-stage.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import type { Environment } from '../3-elaborate/environment.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import { describe } from '../3-elaborate/values.js'

/** What a mistake leaves undone must not hide the mistakes behind it. */
export function attempt<T>(diagnostics: Diagnostics, run: () => T, otherwise: T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    diagnostics.add(error.diagnostic)
    return otherwise
  }
}

export interface Placed<T> {
  readonly value: T
  readonly file: string
}

/** A clause that holds a value. */
export interface PlacedClause extends Placed<Expression> {
  readonly span: Span
  /** Of `accumulate`. */
  readonly exact: boolean
}

/** The clauses of a stage, or of an update of one, by what they are. */
export interface Clauses {
  readonly values: ReadonlyMap<string, PlacedClause>
  readonly train: Placed<TrainClause> | undefined
  readonly frozen: Placed<FreezeClause> | undefined
  readonly monitors: readonly Placed<MonitorClause>[]
}

export function sortClauses(clauses: readonly FlatClause[], diagnostics: Diagnostics): Clauses {
  const values = new Map<string, PlacedClause>()
  const monitors: Placed<MonitorClause>[] = []
  let train: Placed<TrainClause> | undefined
  let frozen: Placed<FreezeClause> | undefined
  const seen = new Map<string, StageClause>()
  for (const { clause, file } of clauses) {
    const key = clauseKey(clause)
    const first = seen.get(key)
    if (!first) seen.set(key, clause)
    else if (clause.kind === 'clause' && first.kind === 'clause' && clause.name.text !== first.name.text) {
      diagnostics.add(twoLengths(clause.span, { first: first.span }))
      continue
    } else diagnostics.add(duplicateClause(clause.span, { name: key, first: first.span }))
    if (clause.kind === 'train') train = { value: clause, file }
    else if (clause.kind === 'freeze') frozen = { value: clause, file }
    else if (clause.kind === 'monitor') monitors.push({ value: clause, file })
    else if (clause.kind === 'clause')
      values.set(clause.name.text, {
        value: clause.value,
        file,
        span: clause.span,
        exact: clause.exact !== undefined,
      })
  }
  return { values, train, frozen, monitors }
}

/** What numbers a clause takes, in words and as a test. */
const ranges = {
  int: { words: 'an int of at least 1', fits: (n: number) => Number.isInteger(n) && n >= 1 },
  float: { words: 'a number above 0', fits: (n: number) => n > 0 },
  share: { words: 'a number between 0 and 1', fits: (n: number) => n > 0 && n < 1 },
} as const

export type Wanted = keyof typeof ranges

export function positiveNumber(
  x: Elaboration,
  env: Environment,
  name: string,
  e: Expression,
  wanted: Wanted,
): number {
  const value = evaluate(x, e, env)
  const { words, fits } = ranges[wanted]
  const number = value.kind === 'int' || (value.kind === 'float' && wanted !== 'int') ? value.value : NaN
  if (fits(number)) return number
  return fail(
    badValue(e.span, {
      name,
      wanted: words,
      got: describe(value),
    }),
  )
}

/** The number that a clause gives; `otherwise` without it, and where it gives none, which is told. */
export type NumberOf = (clause: ClauseName, wanted: Wanted, otherwise: number | null) => number | null

export function numberOf(scope: PipelineScope, { values }: Clauses, diagnostics: Diagnostics): NumberOf {
  return (clause, wanted, otherwise) => {
    const given = values.get(clause)
    if (!given) return otherwise
    const env = scope.environment(given.file)
    const read = (): number => positiveNumber(scope.elaboration, env, clause, given.value, wanted)
    return attempt(diagnostics, read, otherwise)
  }
}
