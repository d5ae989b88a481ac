import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'

/** One optimizer, in one file of this folder: the update as graph nodes and the scalars the host feeds at each step. */
export interface Optimizer {
  readonly name: string
  readonly doc: string
  /** Settings of the language: name and default (undefined: required). Pairs such as betas are lists. */
  readonly parameters: readonly OptimizerParameter[]
  /** State tensors per parameter, shaped like it, zero at the start. */
  slots(settings: OptimizerSettings): readonly string[]
  /** Scalars for step `step` (1-based), computed in float64; `lr` already carries the schedule's factor. */
  hyper(settings: OptimizerSettings, step: number, lr: number): Readonly<Record<string, number>>
  update(
    b: Builder,
    update: UpdateInput,
  ): { readonly parameter: Value; readonly slots: Readonly<Record<string, Value>> }
}

export interface OptimizerParameter {
  readonly name: string
  readonly kind: 'float' | 'pair'
  readonly default?: number | readonly [number, number]
  readonly doc: string
}

export type OptimizerSettings = Readonly<Record<string, number | readonly number[]>>

export interface UpdateInput {
  readonly parameter: Value
  readonly gradient: Value
  readonly slots: Readonly<Record<string, Value>>
  /** Scalar graph inputs, by the names that `hyper` returns. */
  readonly hyper: Readonly<Record<string, Value>>
  readonly settings: OptimizerSettings
}
