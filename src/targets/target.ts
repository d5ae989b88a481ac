import type { GraphSpec } from '../artefact/graphs.js'
import type { InputRole, OutputRole } from '../artefact/roles.js'
import type { Placement } from '../compiler/8-schedule/placement.js'
import type { Liveness } from '../compiler/8-schedule/liveness.js'
import type { Pass } from '../compiler/passes/pass.js'
import type { Builder } from '../graph/builder.js'
import type { Graph, Value } from '../graph/graph.js'
import type { DType, NarrowFloat } from '../graph/types.js'
import type { Kernels } from './kernels.js'
import type { SessionModel } from './session.js'

/** A device and the runtime that drives it: everything that the compiler and the runner do differently there. */
export interface Target {
  /** Its name on the command line and in the manifest. */
  readonly name: string
  /** One line, for who chooses. */
  readonly doc: string
  readonly kernels: Kernels
  readonly passes: {
    /** Before differentiation, in this order: what the backward pass then inherits. */
    readonly forward: readonly Pass[]
    /** After it. */
    readonly step: readonly Pass[]
  }
  readonly precision: Precision
  /** The order of a graph's nodes, and where results lie. */
  schedule(graph: Graph): Schedule
  readonly cost: CostModel
  readonly session: SessionModel
}

/** What `as T` and `precision T` come to. */
export interface Precision {
  /** The type in which graphs hold weights that are rounded to a narrower one. */
  readonly held: DType
  /** What a step reads of a trained parameter. */
  readonly read: (b: Builder, parameter: Value, type: NarrowFloat) => Value
  /** The types in which it computes, where weights are rounded to them; in f32 where to others. */
  readonly arithmetic: readonly NarrowFloat[]
}

export interface Schedule {
  /** Its nodes stand in the order of the file. */
  readonly graph: Graph
  readonly liveness: Liveness
  /** Where results lie, as the file says it; null: the runtime chooses. */
  readonly places: (() => Placement) | null
  readonly optimization: GraphSpec['optimization']
  /** The opset of the file, where the runtime has more kernels for it than for that of the compiler. */
  readonly opset?: number
}

export interface CostModel {
  /** Bytes that the runtime takes for itself: with its first session, and for each node. */
  readonly session: { readonly fixed: number; readonly perNode: number }
  /** How many times the outputs of a run stand in memory at its end. */
  readonly copiesOfOutputs: number
  /** Whether an input or output crosses the bus at each run. */
  readonly crosses: (role: InputRole | OutputRole) => boolean
}
