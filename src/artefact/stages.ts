import type { DType } from '../graph/types.js'
import type { GraphSpec } from './graphs.js'
import type { Settings } from './json.js'

/** Parameters that are trained alike. */
export interface GroupSpec {
  readonly optimizer: string
  readonly settings: Settings
  readonly schedule: string
  readonly schedule_settings: Settings
}

export interface StageSpec {
  readonly name: string
  /** With equal hashes, seeds, weights and data the results of stages are equal. */
  readonly hash: string
  /** The earlier stages from whose values it follows. */
  readonly after: readonly string[]
  /** Rounds, in each of which its updates run in turn. */
  readonly steps: number
  readonly save_every: number | null
  /** Evaluations that run within it, each after every so many steps. */
  readonly measures: readonly { readonly evaluation: string; readonly every: number }[]
  /** How many of its checkpoints stay, beside the best; null: all. */
  readonly keep_last: number | null
  /** It ends with the values that measured best by this. */
  readonly keep_best: WatchedMetric | null
  /** It ends when this has not become better for so many measurements. */
  readonly stop: (WatchedMetric & { readonly stalls: number }) | null
  /** A step whose loss or gradient is not finite ends the run, or leaves the state as it was. */
  readonly on_nonfinite: 'stop' | 'skip'
  /** The run ends when the loss has been above for so many steps in a row. */
  readonly guard: { readonly above: number; readonly steps: number } | null
  /** At least one; one without a name where the stage declares none. */
  readonly updates: readonly UpdateSpec[]
  /**
   * In the graphs of the last update. `share`: what is recorded is the share of the monitored steps so far at which the
   * value was 1 and not 0.
   */
  readonly monitors: readonly {
    readonly name: string
    readonly every: number
    readonly statistic: 'value' | 'share'
  }[]
}

/** A number that an evaluation gives: of one of its cases, or without cases, or the mean over them. */
export interface WatchedMetric {
  readonly evaluation: string
  readonly case: string | null
  readonly metric: string
  readonly better: 'higher' | 'lower'
}

export interface UpdateSpec {
  readonly name: string | null
  /** How many times a round executes it; each has batches and draws of its own. */
  readonly times: number
  readonly accumulate: number
  readonly groups: readonly GroupSpec[]
  readonly trained: readonly {
    readonly model: string
    readonly path: string
    readonly shape: readonly number[]
    readonly group: number
  }[]
  /** What a step, and with accumulation a micro-batch, gives a next value: state that is carried. */
  readonly states: readonly {
    readonly model: string
    readonly path: string
    readonly dtype: DType
    readonly shape: readonly number[]
  }[]
  /** Optimizer slots per trained parameter, all f32 and zero at the start, e.g. ['m', 'v']. */
  readonly slots: readonly string[]
  /** The decay of averages, kept as state that starts at the parameters; null: there are none. */
  readonly ema: number | null
  readonly graphs: {
    /** One optimizer step; with accumulation the last micro-batch and the update. */
    readonly step: GraphSpec
    /** The same with monitors; state outputs are bit-equal. */
    readonly monitored: GraphSpec | null
    /** A micro-batch before the last: adds its gradient to that of those before it. Null when accumulate = 1. */
    readonly micro: GraphSpec | null
    /** Runs once: values that depend on no data, draw, step or trained parameter. */
    readonly prologue: GraphSpec | null
  }
  /**
   * Make of the fields of a data set what others read as further fields of it, by the names of the results. The same for a
   * row whenever it comes, so that it is kept.
   */
  readonly features?: readonly GraphSpec[]
}
