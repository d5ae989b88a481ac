import { beside } from '../evaluations/kind.js'
import { isRecord } from '../json/is-record.js'
import type { Json, Settings } from '../artefact/json.js'
import type { Profile } from './profile.js'

/** What a report needs of a run's folder. */
export interface RunSummary {
  /** The folder, as the user wrote it. */
  readonly folder: string
  readonly pipeline: string
  readonly seed: number
  readonly target: string
  readonly compiler: string
  readonly hash: string
  /** Pipeline parameters as compiled. */
  readonly params: Settings
  readonly stages: readonly StageSummary[]
  readonly evaluations: readonly { readonly name: string; readonly kind: string }[]
  /** In the order of the run: `start`, then the stages after which something was measured. */
  readonly moments: readonly Moment[]
  /** Where its time went, where that was asked for. */
  readonly profile?: Profile | undefined
}

export interface StageSummary {
  readonly name: string
  /** The names of the updates that its steps are rounds of; none where a step is one update. */
  readonly updates: readonly string[]
  /** As planned; `records` holds what ran. */
  readonly steps: number
  readonly accumulate: number
  readonly optimizers: readonly string[]
  readonly learningRates: readonly number[]
  /** Numbers in all trained tensors. */
  readonly trained: number
  readonly records: readonly StepRecord[]
}

/** A line of metrics.jsonl; what is not finite is null. */
export interface StepRecord {
  readonly stage: string
  readonly step: number
  readonly loss: number | null
  readonly grad_norm: number | null
  /** Of a round, in place of the two. */
  readonly updates: Readonly<
    Record<string, { readonly loss: number | null; readonly grad_norm: number | null }>
  >
  readonly monitors: Readonly<Record<string, number>>
  readonly step_ms: number
  readonly data_ms: number
}

/** The name of the moment before the first stage. */
export const start = 'start'

export interface Moment {
  readonly name: string
  /** Metrics by evaluation, then by name. */
  readonly results: Readonly<Record<string, Readonly<Record<string, Json>>>>
}

/** The metrics of an evaluation before the first stage. */
export const metricsAtStart = (
  run: RunSummary,
  evaluation: string,
): Readonly<Record<string, Json>> | undefined =>
  run.moments.find((moment) => moment.name === start)?.results[evaluation]

/** The metrics of what was measured beside an evaluation before the first stage, by the names of these references. */
export function metricsBeside(
  run: RunSummary,
  evaluation: string,
): ReadonlyMap<string, Readonly<Record<string, Json>>> {
  const all = metricsAtStart(run, evaluation)?.[beside]
  if (!isRecord(all)) return new Map()
  return new Map(Object.entries(all).flatMap(([name, one]) => (isRecord(one) ? [[name, one] as const] : [])))
}

/** The metrics when an evaluation was last made: stages that change nothing it reads do not repeat it. */
export const metricsAtEnd = (
  run: RunSummary,
  evaluation: string,
): Readonly<Record<string, Json>> | undefined =>
  run.moments.findLast((moment) => moment.results[evaluation] !== undefined)?.results[evaluation]

const unique = (labels: readonly string[]): boolean => new Set(labels).size === labels.length

/** Names that tell runs apart: the pipeline, with the seed or the folder where pipelines repeat. */
export function runLabels(runs: readonly RunSummary[]): string[] {
  const pipelines = runs.map((run) => run.pipeline)
  if (unique(pipelines)) return pipelines
  const seeded = runs.map((run) => `${run.pipeline}, seed ${run.seed}`)
  return unique(seeded) ? seeded : runs.map((run) => `${run.pipeline}, ${run.folder}`)
}
