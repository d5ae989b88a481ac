import type { Json } from '../artefact/json.js'
import type { Metric } from '../evaluations/kind.js'
import { findEvaluationKind } from '../evaluations/registry.js'
import { type RunSummary, metricsBeside } from './run-summary.js'

/** A number that evaluations give. */
export interface MeasuredColumn {
  /** The evaluation, with its case: `pictures.small`. */
  readonly group: string
  readonly metric: string
  readonly label: string
  readonly doc: string
  readonly better: Metric['better']
}

/** A number of a run, and its standard deviation over what is random in the measurement itself; null: not known. */
export interface Value {
  readonly value: number | null
  readonly deviation: number | null
}

export const absent: Value = { value: null, deviation: null }

/** Evaluation kinds that a report shows elsewhere than in the table. */
const shownElsewhere = new Set(['condition_gate', 'pictures'])

/** All metrics of all runs' evaluations, in the order of declaration. */
export function evaluationColumns(runs: readonly RunSummary[]): MeasuredColumn[] {
  const columns = new Map<string, MeasuredColumn>()
  for (const run of runs) {
    for (const { name: evaluation, kind } of run.evaluations) {
      if (shownElsewhere.has(kind)) continue
      for (const { name: metric, label, better, doc } of findEvaluationKind(kind)?.metrics ?? [])
        columns.set(`${evaluation} ${metric}`, { group: evaluation, metric, label, better, doc })
    }
  }
  return [...columns.values()]
}

/** A metric of an evaluation's results. */
export function valueIn(metrics: Readonly<Record<string, Json>> | undefined, metric: string): Value {
  const number = (name: string): number | null => {
    const value = metrics?.[name]
    return typeof value === 'number' ? value : null
  }
  return { value: number(metric), deviation: number(`${metric}_std`) }
}

/** What was measured beside a run's evaluations, once at its start: by the names of references, the values of columns. */
export function valuesBeside(
  run: RunSummary,
  columns: readonly MeasuredColumn[],
): ReadonlyMap<string, readonly Value[]> {
  const found = columns.map(({ group, metric }) => ({ of: metricsBeside(run, group), metric }))
  const names = new Set(found.flatMap(({ of }) => [...of.keys()]))
  return new Map(
    [...names].map((name) => [name, found.map(({ of, metric }) => valueIn(of.get(name), metric))]),
  )
}
