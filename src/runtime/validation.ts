import type { Json } from '../artefact/json.js'
import type { StageSpec, WatchedMetric } from '../artefact/stages.js'
import type { EvaluationTable } from '../report/evaluation-table.js'

/** A moment within a stage, as `eval.json` and the folders of checkpoints call it. */
export const momentWithin = (stage: string, step: number): string => `${stage}-${step}`

/** The step of a moment within a stage. */
export function stepOfMoment(stage: string, moment: string): number | undefined {
  const step = moment.startsWith(`${stage}-`) ? moment.slice(stage.length + 1) : ''
  return /^\d+$/.test(step) ? Number(step) : undefined
}

/** Where a stage ends. */
export interface Ending {
  /** The last step that is trained. */
  readonly at: number
  /** The step with whose values it ends: later stages, evaluations and exports read these. */
  readonly with: number
}

/** The evaluations that are made after a step within a stage; what the stage watches is also made after its last. */
export function dueAfter(stage: StageSpec, step: number, steps: number): ReadonlySet<string> {
  const watched = watchedBy(stage)
  return new Set(
    stage.measures.flatMap(({ evaluation, every }) =>
      (step === steps ? watched.has(evaluation) : step % every === 0) ? [evaluation] : [],
    ),
  )
}

const watchedBy = ({ keep_best: best, stop }: StageSpec): ReadonlySet<string> =>
  new Set([best, stop].flatMap((metric) => metric?.evaluation ?? []))

/** Whether all of what decides how a stage ends has been measured that was due before a step. */
export function isMeasuredBefore(stage: StageSpec, step: number, table: EvaluationTable): boolean {
  const watched = watchedBy(stage)
  return stage.measures
    .filter(({ evaluation }) => watched.has(evaluation))
    .every(({ evaluation, every }) => {
      for (let at = every; at < step; at += every)
        if (table[momentWithin(stage.name, at)]?.[evaluation] === undefined) return false
      return true
    })
}

/** Whether measurements decide how a stage ends. */
export const isWatched = ({ keep_best: best, stop }: StageSpec): boolean => best !== null || stop !== null

/**
 * How a watched stage that is trained for at most `steps` ends by what has been measured so far; null while it goes on.
 * Of equal measurements the first is the best; one that gave no number is none.
 */
export function endingOf(stage: StageSpec, steps: number, table: EvaluationTable): Ending | null {
  const { keep_best: keep, stop } = stage
  const kept = new Best(keep)
  const watched = new Best(stop)
  for (const [step, results] of measurements(stage.name, table)) {
    if (step > steps) break
    kept.see(step, results)
    watched.see(step, results)
    const stalled = stop !== null && watched.since >= stop.stalls
    if (stalled || (step === steps && dueAfter(stage, step, steps).size > 0)) {
      const complete = [...dueAfter(stage, step, steps)].every((name) => results[name] !== undefined)
      if (complete) return { at: step, with: kept.step ?? step }
    }
  }
  return null
}

/** The step with the best values so far; undefined where none are kept or measured. */
export function bestSoFar(stage: StageSpec, table: EvaluationTable): number | undefined {
  const best = new Best(stage.keep_best)
  for (const [step, results] of measurements(stage.name, table)) best.see(step, results)
  return best.step
}

type Results = EvaluationTable[string]

/** What was measured within a stage, in the order of its steps. */
const measurements = (stage: string, table: EvaluationTable): readonly (readonly [number, Results])[] =>
  Object.entries(table)
    .flatMap(([moment, results]) => {
      const step = stepOfMoment(stage, moment)
      return step === undefined ? [] : [[step, results] as const]
    })
    .sort(([a], [b]) => a - b)

class Best {
  step: number | undefined
  /** Measurements since the best one. */
  since = 0
  private value = NaN

  constructor(private readonly metric: WatchedMetric | null) {}

  see(step: number, results: Results): void {
    const { metric } = this
    const metrics = metric && results[metric.evaluation]
    if (!metric || !metrics) return
    const value = numberIn(metric.case === null ? metrics : metrics[metric.case], metric.metric)
    const better = metric.better === 'higher' ? value > this.value : value < this.value
    if (better || (this.step === undefined && !Number.isNaN(value))) {
      this.value = value
      this.step = step
      this.since = 0
    } else this.since++
  }
}

function numberIn(metrics: Json | undefined, name: string): number {
  if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) return NaN
  const value = (metrics as Readonly<Record<string, Json>>)[name]
  return typeof value === 'number' ? value : NaN
}
