import type { Weight } from './values.js'

/** A parameter with its place in a model. */
export interface PlacedWeight {
  readonly model: string
  readonly path: string
  readonly weight: Weight
}

/** What the values of a pipeline depend on beside their declarations: the stage or evaluation that a graph is for. */
export interface Facts {
  /** What `trained` stands for; null where nothing is trained. */
  readonly trained: readonly PlacedWeight[] | null
  /** What the stage trains, by whichever update of it: `training` goes by that. Null where nothing is trained. */
  readonly changing: readonly PlacedWeight[] | null
  /** The adapters that stand beside weights by now, by name. */
  readonly adapters: ReadonlyMap<string, AdapterState>
  /** How many micro-batches the values are of: rows of data come that many times. 1 but for `accumulate n exact`. */
  readonly batches: number
}

/** Trained by the stage, so that its dropout acts; attached by an earlier one; or merged into the weights. */
export type AdapterState = 'trained' | 'attached' | 'merged'

/** The facts of values by themselves. */
export const noFacts: Facts = { trained: null, changing: null, adapters: new Map(), batches: 1 }
