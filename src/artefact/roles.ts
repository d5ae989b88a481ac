// What the inputs and outputs of a graph are to the runner. A role stands at its value from the phase that makes it to
// the file; names only tell values apart.

/** A random value, generated on the host: see `src/runtime/draws.ts`. */
export type Distribution =
  | { readonly kind: 'normal' }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** Integers in [low, high). */
  | { readonly kind: 'randint'; readonly low: number; readonly high: number }

/** A tensor that is carried from step to step, or from one micro-batch of a step to the next. */
export type State =
  /** A trained parameter. */
  | { readonly kind: 'parameter'; readonly model: string; readonly path: string }
  /** A `state` of a module or pipeline, of any type, which starts at its values. */
  | { readonly kind: 'carried'; readonly model: string; readonly path: string }
  /** What the optimizer keeps beside a parameter, e.g. `m`; zero at the start. */
  | { readonly kind: 'slot'; readonly slot: string; readonly model: string; readonly path: string }
  /** The exponential average of a parameter, which starts at it. */
  | { readonly kind: 'average'; readonly model: string; readonly path: string }
  /**
   * The gradient of the micro-batches so far; zero at the start of a step, which gives none back. Where a step is
   * computed from several gradients, `term` tells them apart.
   */
  | { readonly kind: 'gradient'; readonly term: number | null; readonly model: string; readonly path: string }

/** The name of a state tensor in the graphs of an update. */
export function stateName(state: State): string {
  const { model, path } = state
  switch (state.kind) {
    case 'parameter':
      return `param/${model}/${path}`
    case 'carried':
      return `state/${model}/${path}`
    case 'slot':
      return `${state.slot}/${model}/${path}`
    case 'average':
      return `ema/${model}/${path}`
    case 'gradient':
      return state.term === null ? `grad/${model}/${path}` : `grad/${state.term}/${model}/${path}`
  }
}

/**
 * The name of a state tensor of an update, in a checkpoint and where a run keeps it. Parameters and states are one for
 * all updates of a stage; what an update keeps for itself carries its name, where it has one.
 */
export function stateKey(update: string | null, state: State): string {
  const name = stateName(state)
  const isCommon = state.kind === 'parameter' || state.kind === 'carried'
  return update === null || isCommon ? name : `${update}/${name}`
}

/** Whole numbers from `low` on, below `below`, and those of `except`. */
export interface FieldLimit {
  readonly low: number
  readonly below: number
  readonly except: readonly number[]
  /** The file and line that asks for it. */
  readonly place: string | null
}

/** What the runner feeds into an input. */
export type InputRole =
  | { readonly kind: 'state'; readonly state: State }
  /** Rows of a data source; all fields of one source in one graph come from the same rows. */
  | {
      readonly kind: 'batch'
      readonly data: string
      readonly field: string
      /** Where the entries of the field must lie, since the graph reads by them. */
      readonly limits?: readonly FieldLimit[]
    }
  | { readonly kind: 'draw'; readonly path: string; readonly distribution: Distribution }
  /** A scalar of the optimizer for a group, e.g. `lr`. */
  | { readonly kind: 'hyper'; readonly group: number; readonly name: string }
  /** A result of the stage's prologue graph. */
  | { readonly kind: 'prologue'; readonly key: string }

/** What the runner takes from an output. */
export type OutputRole =
  /** What an input of the same state gets next. */
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'loss' }
  | { readonly kind: 'grad_norm' }
  | { readonly kind: 'monitor'; readonly name: string }
  | { readonly kind: 'prologue'; readonly key: string }
  /** A named result of an evaluation graph. */
  | { readonly kind: 'result'; readonly name: string }
