import type { Span } from '../../diagnostics/diagnostic.js'
import type { Graph } from '../../graph/graph.js'
import { dataOf } from '../../graph/roles.js'
import type { DType, NarrowFloat } from '../../graph/types.js'
import type { CarriedState } from './states.js'
import type { DataSpec } from '../../artefact/data.js'
import { ownParts } from '../../artefact/evaluations.js'
import type { EvaluationCase, EvaluationPart, EvaluationSpec } from '../../artefact/evaluations.js'
import type { Settings } from '../../artefact/json.js'
import type { Manifest } from '../../artefact/manifest.js'
import type { AdapterSpec, ModelSpec } from '../../artefact/models.js'
import type { State } from '../../artefact/roles.js'
import type { StageSpec, WatchedMetric } from '../../artefact/stages.js'

export type { WatchedMetric }

/**
 * What phase 4 gives: per stage one forward graph, whose inputs are rows of data and draws; parameters are values of
 * source kind `parameter`.
 * A `grad(...)` of the source stands as a `Gradient` node (domain dcrc) that phase 6 expands.
 */
export interface Lowered {
  readonly pipeline: string
  readonly seed: number
  readonly params: Settings
  /** Models, and adapters that a stage trains. */
  readonly models: readonly ModelSpec[]
  readonly adapters: readonly AdapterSpec[]
  readonly data: readonly DataSpec[]
  readonly stages: readonly LoweredStage[]
  readonly evaluations: readonly LoweredEvaluation[]
  readonly exports: readonly LoweredExport[]
  /** The warnings that it silences. */
  readonly allowed: Manifest['allowed']
}

/** What a run writes at its end. */
export type LoweredExport =
  | { readonly kind: 'model' | 'adapter'; readonly name: string }
  /** A function of rows, as graphs for several numbers of them; inputs are named like its parameters. */
  | {
      readonly kind: 'function'
      readonly name: string
      readonly span: Span
      /** Its declaration. */
      readonly said: { readonly span: Span; readonly doc?: string | undefined }
      readonly graphs: readonly { readonly rows: number; readonly graph: Graph }[]
    }

/** When evaluations run within a stage, which of its values it ends with, and when it ends early. */
export interface StageValidation {
  /** In the order of their declarations; each after so many steps, again and again. */
  readonly measures: StageSpec['measures']
  /** How many of its checkpoints stay; null: all. */
  readonly keepLast: number | null
  /** It ends with the values that measured best by this. */
  readonly keepBest: WatchedMetric | null
  /** It ends when this has not become better for so many measurements. */
  readonly stop: (WatchedMetric & { readonly stalls: number }) | null
}

/** What a stage does about training that goes astray. */
export interface StageSafety {
  readonly onNonfinite: StageSpec['on_nonfinite']
  readonly guard: StageSpec['guard']
}

export interface LoweredStage extends StageValidation, StageSafety {
  readonly name: string
  readonly span: Span
  /** Rounds, in each of which the updates run in turn. */
  readonly steps: number
  readonly saveEvery: number | null
  /** At least one; one without a name where the stage declares none. */
  readonly updates: readonly LoweredUpdate[]
  /** They stand in the graph of the last update. */
  readonly monitors: readonly {
    readonly name: string
    readonly every: number
    /** What is recorded of the scalar: itself, or the share of the steps so far at which it was 1 and not 0. */
    readonly statistic: 'value' | 'share'
  }[]
}

/** One kind of optimizer step of a stage. */
export interface LoweredUpdate {
  /** Null where it is all that the stage does. */
  readonly name: string | null
  readonly stage: string
  readonly span: Span
  /**
   * Its outputs are the loss (a scalar f32) and the monitors. Where a gradient is minimized by, there is one more for
   * each trained parameter, and the loss is the sum of the losses that it is of.
   */
  readonly graph: Graph
  readonly trained: readonly TrainedParameter[]
  /** What its graph gives a next value: `next/<model>/<path>` of each micro-batch, `after/...` behind the update. */
  readonly states: readonly CarriedState[]
  /** What its graph reads of parameters and states that only other updates of the stage change. */
  readonly shared: readonly SharedState[]
  readonly groups: readonly ParameterGroup[]
  /** How many times a round executes it. */
  readonly times: number
  readonly accumulate: number
  /** With `accumulate n exact`: the graph is that of all samples of a step, which go through in micro-batches. */
  readonly exact: { readonly count: number; readonly span: Span } | null
  /** How many rows of pairs are computed at a time; null: all, or what `memory` decides. */
  readonly chunk: { readonly rows: number; readonly span: Span } | null
  /** What a step may take. */
  readonly memory: { readonly bytes: number; readonly span: Span } | null
  readonly clipNorm: number | null
  /** The decay of the averages of trained parameters, where they are kept. */
  readonly ema: number | null
  /** The type to which a step rounds the weights of the models that it trains. */
  readonly precision: NarrowFloat | null
}

/** Its draws are keyed by this, and its files and messages carry it. */
export const fullName = ({ stage, name }: Pick<LoweredUpdate, 'stage' | 'name'>): string =>
  name === null ? stage : `${stage}/${name}`

export interface SharedState {
  readonly state: State & { readonly kind: 'parameter' | 'carried' }
  readonly dtype: DType
  readonly shape: readonly number[]
}

export interface TrainedParameter {
  readonly model: string
  readonly path: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly group: number
}

export interface ParameterGroup {
  readonly optimizer: string
  readonly settings: Settings
  readonly schedule: string
  readonly scheduleSettings: Settings
  /** Where `train` names what is in it. */
  readonly span?: Span
}

export interface LoweredEvaluation extends Pick<EvaluationSpec, 'name' | 'kind'> {
  readonly span: Span
  readonly cases: readonly LoweredCase[]
}

export interface LoweredCase extends Pick<EvaluationCase, 'name' | 'settings'> {
  readonly parts: readonly LoweredPart[]
}

/** Outputs are the results by name; inputs as in stages. */
export interface LoweredPart extends Pick<EvaluationPart, 'beside' | 'group' | 'data' | 'rows'> {
  readonly graph: Graph
}

/** The data sets whose rows an evaluation reads. */
export const dataRead = (evaluation: LoweredEvaluation): ReadonlySet<string> =>
  new Set(
    partsOf(evaluation).flatMap(({ graph, data }) => [...dataOf(graph), ...(data === null ? [] : [data])]),
  )

export const partsOf = ({ cases }: LoweredEvaluation): readonly LoweredPart[] =>
  cases.flatMap(({ parts }) => parts)

/** Without references, which are measured once and decide nothing. */
export const withoutReferences = (evaluation: LoweredEvaluation): LoweredEvaluation => ({
  ...evaluation,
  cases: evaluation.cases.map((one) => ({ ...one, parts: ownParts(one.parts) })),
})

/** The same evaluation with other graphs. */
export const withGraphs = (
  evaluation: LoweredEvaluation,
  change: (graph: Graph) => Graph,
): LoweredEvaluation => ({
  ...evaluation,
  cases: evaluation.cases.map((one) => ({
    ...one,
    parts: one.parts.map((part) => ({ ...part, graph: change(part.graph) })),
  })),
})
