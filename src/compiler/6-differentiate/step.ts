import { type State, stateName } from '../../artefact/roles.js'
import { UserError } from '../../diagnostics/diagnostic.js'
import { Builder } from '../../graph/builder.js'
import type { Draft, Graph, Node, Output, Value } from '../../graph/graph.js'
import { Copier, slice } from '../../graph/rewrite.js'
import { objectiveOf } from '../../graph/roles.js'
import type { TensorType } from '../../graph/types.js'
import type { Precision, Target } from '../../targets/target.js'
import { computedFrom, lossOutput } from '../4-lower/gradient-objective.js'
import { type LoweredUpdate, type SharedState, fullName } from '../4-lower/lowered.js'
import type { CarriedState } from '../4-lower/states.js'
import { expandChunkSum } from './chunk-loop.js'
import { dropMarkers, expandGradient, gradientsOf } from './expand.js'
import { gradients } from './gradients.js'
import { unreachableTrained } from './problems.js'
import { type NextState, averages, clipFactor, globalNorm, updates } from './update.js'

/** The graphs of an update: its step with all monitors, and with accumulation that of the micro-batches before it. */
export interface DifferentiatedUpdate {
  readonly full: Graph
  readonly micro: Graph | null
}

/**
 * Builds an update's graphs: forward, then backward, then the updates, then the states that read what these make. With
 * accumulation, `micro` adds its gradients to those so far, of which the runner feeds zeros to the first micro-batch of a
 * step; `step` takes them in, adds its own and divides by n.
 * The draft is that of the passes that will come.
 */
export function differentiate(
  update: LoweredUpdate,
  { precision }: Pick<Target, 'precision'>,
  draft?: Draft,
): DifferentiatedUpdate {
  const { graph, accumulate } = update
  return {
    full: new StepBuilder(update, graph.outputs, precision, draft).step(),
    micro: accumulate > 1 ? new StepBuilder(update, objectiveOf(graph), precision, draft).micro() : null,
  }
}

/**
 * The plain step, and the monitored one where it has monitors. The plain one is a slice of it: both run the same nodes,
 * so that the state comes out the same to the bit.
 */
export function stepsOf(full: Graph): { readonly step: Graph; readonly monitored: Graph | null } {
  const kept = objectiveOf(full)
  return kept.length === full.outputs.length
    ? { step: full, monitored: null }
    : { step: slice(full, kept), monitored: full }
}

/** A next value that reads what the update makes. */
const isAfter = ({ role }: Output): boolean => role?.kind === 'next' && role.afterUpdate

const gradientOutputs = (outputs: readonly Output[]): readonly Value[] =>
  outputs.filter(({ role }) => role?.kind === 'gradient').map((o) => o.value)

/** One step graph in the making: the forward graph stands, its gradients expanded, trained parameters as inputs. */
class StepBuilder {
  private readonly loss: Value
  /** The trained parameters as state: f32. */
  private readonly parameters: readonly Value[]
  /**
   * What the forward graph reads of them: themselves, or their values rounded to the stage's precision. Gradients by
   * these are taken as gradients by the parameters: rounding passes them straight through.
   */
  private readonly read: readonly Value[]
  /** What is minimized by, per trained parameter, where that is a gradient and not the loss. */
  private readonly given: readonly Value[] | null
  private readonly monitors: readonly Output[]
  /** The next values of states, by `<model>/<path>`, but for those that come after the update. */
  private readonly nexts: ReadonlyMap<string, Value>
  /** What stands for the parameters that are trained, and for the states, by `<model>/<path>`. */
  private readonly changing: ReadonlyMap<string, Value | undefined>
  private readonly forward: Copier
  private readonly b: Builder
  private readonly hypers = new Map<string, Value>()
  /** With accumulation: the gradients that `given` is computed from, and their accumulators with this batch's added. */
  private readonly leaves: readonly Node[]
  private readonly sums: NextState[] = []

  constructor(
    private readonly lowered: LoweredUpdate,
    outputs: readonly Output[],
    { read }: Precision,
    private readonly draft: Draft | undefined,
  ) {
    this.b = new Builder({ next: 0 }, draft)
    const wanted = outputs.filter((o) => !isAfter(o))
    this.leaves = lowered.accumulate > 1 ? computedFrom(gradientOutputs(wanted)).gradients : []
    this.parameters = lowered.trained.map(({ model, path, dtype, shape }) =>
      this.state({ kind: 'parameter', model, path }, { dtype, shape }),
    )
    const { precision } = lowered
    this.read = this.parameters.map((p) =>
      precision && p.type.dtype === 'f32' ? read(this.b, p, precision) : p,
    )
    this.changing = new Map<string, Value | undefined>([
      ...lowered.states.map((s): [string, Value] => [placeOf(s), this.state(carried(s), s)]),
      ...lowered.trained.map((t, i): [string, Value | undefined] => [placeOf(t), this.read[i]]),
      ...lowered.shared.map((s): [string, Value] => [placeOf(s.state), this.shared(s, read)]),
    ])
    this.forward = new Copier(this.b, {
      outputs: wanted,
      leaf: ({ source }) => (source.kind === 'parameter' ? this.changing.get(placeOf(source)) : undefined),
      node: (node, inputs, copy) =>
        this.accumulatedLeaf(node, inputs) ??
        expandGradient(node, inputs, copy) ??
        expandChunkSum(node, inputs, copy),
    })
    const copies = this.forward.copy(lowered.graph)
    const loss = copies.find(({ role }) => role?.kind === 'loss')
    if (!loss) throw new Error(`${fullName(lowered)} has no loss`)
    this.loss = loss.value
    this.monitors = copies.filter(({ role }) => role?.kind === 'monitor')
    this.nexts = nextValues(copies)
    const given = gradientOutputs(copies)
    this.given = given.length > 0 ? given : null
  }

  step(): Graph {
    const { b, lowered } = this
    const { accumulate, clipNorm } = lowered
    const sums = this.given ?? (accumulate > 1 ? this.accumulated() : this.gradients())
    b.span = lowered.span
    // What is given is computed from means already.
    const share = this.given ? 1 : 1 / accumulate
    const norm = b.scale(globalNorm(b, sums), share)
    const clip = clipNorm === null ? null : clipFactor(b, norm, clipNorm)
    // The division by n and the clipping are one factor.
    const factor = clip ? b.scale(clip, share) : share < 1 ? b.scalar(share) : null
    const final = factor ? sums.map((g) => b.mul(g, factor)) : sums
    const state = updates(b, lowered, this.parameters, final, {
      kept: (of, like) => this.kept(of, like),
      hyper: (group, name) => this.hyper(group, name),
    })
    const averaged = averages(b, lowered, state, (of, like) => this.kept(of, like))
    return this.finish([
      lossOutput(this.loss),
      { name: 'grad_norm', value: norm, role: { kind: 'grad_norm' } },
      ...this.monitors,
      ...[...state, ...averaged].map(stateOutput),
      ...this.carried(new Map([...this.nexts, ...this.afterUpdate(state)])),
    ])
  }

  micro(): Graph {
    if (!this.given) this.accumulated()
    return this.finish([lossOutput(this.loss), ...this.sums.map(stateOutput), ...this.carried(this.nexts)])
  }

  /** The states that this graph gives next values. */
  private carried(nexts: ReadonlyMap<string, Value>): readonly Output[] {
    return this.lowered.states.flatMap((s) => {
      const value = nexts.get(placeOf(s))
      return value ? [stateOutput({ state: carried(s), value })] : []
    })
  }

  /** The next values that read the parameters as they were updated, and other states as the calls have left them. */
  private afterUpdate(updated: readonly NextState[]): ReadonlyMap<string, Value> {
    const now = new Map([...this.nexts, ...updated.flatMap(parameterOf)])
    const copied = new Copier(this.b, {
      outputs: this.lowered.graph.outputs.filter(isAfter),
      leaf: (value) =>
        this.forward.copied(value) ??
        (value.source.kind === 'parameter' ? this.changing.get(placeOf(value.source)) : undefined),
      node: (node, inputs, copy) => {
        const before = node.outputs.map((v) => this.forward.copied(v) ?? null)
        if (before.every((v) => v !== null)) return before
        const [read] = node.inputs
        if (node.op !== 'Updated' || read?.source.kind !== 'parameter')
          return expandGradient(node, inputs, copy)
        const value = now.get(placeOf(read.source))
        return value ? [value] : inputs
      },
    })
    return nextValues(copied.copy(this.lowered.graph))
  }

  /** The gradient of the loss with respect to each trained parameter. */
  private gradients(): readonly Value[] {
    const found = gradients(this.b, [{ value: this.loss }], this.read)
    const missing = this.lowered.trained.filter((_, i) => !found[i])
    if (missing.length > 0) throw new UserError(unreachableTrained(this.lowered, missing))
    return found.filter((g) => g !== null)
  }

  /** The accumulators with this batch's gradients added. */
  private accumulated(): readonly Value[] {
    const own = this.gradients()
    this.b.span = this.lowered.span
    return own.map((g, i) => {
      const trained = this.lowered.trained[i]
      if (!trained) throw new Error('a gradient without a parameter')
      return this.added(trained, g)
    })
  }

  /** One of the gradients that `given` is computed from, as its mean over the micro-batches. */
  private accumulatedLeaf(node: Node, inputs: readonly (Value | null)[]): readonly Value[] | undefined {
    const k = this.leaves.indexOf(node)
    if (k < 0) return undefined
    const { b, lowered } = this
    const found = gradientsOf(node, inputs, b)
    b.span = node.span
    return node.inputs.slice(1).map((target, i) => {
      const own = found[i]
      if (target?.source.kind !== 'parameter') throw new Error('a gradient by no parameter')
      if (!own) return b.zerosLike(target)
      return b.scale(this.added(target.source, own, k), 1 / lowered.accumulate)
    })
  }

  /** The gradient of the micro-batches so far with this one's added. */
  private added(
    { model, path }: { model: string; path: string },
    own: Value,
    term: number | null = null,
  ): Value {
    const state = { kind: 'gradient', term, model, path } as const
    const value = this.b.add(this.state(state, own.type), own)
    this.sums.push({ state, value })
    return value
  }

  private finish(outputs: readonly Output[]): Graph {
    return dropMarkers(this.b.finish(fullName(this.lowered), outputs), this.draft)
  }

  /** What another update changes, as it is read here. */
  private shared({ state, ...type }: SharedState, read: Precision['read']): Value {
    const value = this.state(state, type)
    const { precision } = this.lowered
    return precision && state.kind === 'parameter' && type.dtype === 'f32'
      ? read(this.b, value, precision)
      : value
  }

  private state(state: State, { dtype, shape }: TensorType): Value {
    return this.b.input(`state/${stateName(state)}`, { dtype, shape }, { kind: 'state', state })
  }

  /** What is kept of a parameter beside itself. */
  private kept(state: State, like: Value): Value {
    return this.state(state, { dtype: 'f32', shape: like.type.shape })
  }

  private hyper(group: number, name: string): Value {
    const full = `hyper/${group}/${name}`
    const value =
      this.hypers.get(full) ?? this.b.input(full, { dtype: 'f32', shape: [] }, { kind: 'hyper', group, name })
    this.hypers.set(full, value)
    return value
  }
}

const stateOutput = ({ state, value }: NextState): Output => ({
  name: stateName(state),
  value,
  role: { kind: 'state', state },
})

const carried = ({ model, path }: CarriedState): State => ({ kind: 'carried', model, path })

const placeOf = ({ model, path }: { readonly model: string; readonly path: string }): string =>
  `${model}/${path}`

/** What a step makes of parameters, by `<model>/<path>`. */
const parameterOf = ({ state, value }: NextState): (readonly [string, Value])[] =>
  state.kind === 'parameter' ? [[placeOf(state), value]] : []

/** The next values among outputs, by `<model>/<path>` of their states. */
const nextValues = (outputs: readonly Output[]): ReadonlyMap<string, Value> =>
  new Map(
    outputs.flatMap(({ role, value }) => (role?.kind === 'next' ? [[placeOf(role), value] as const] : [])),
  )
