import { UserError } from '../../diagnostics/diagnostic.js'
import { Builder } from '../../graph/builder.js'
import type { Draft, Graph, Node, Output, Value } from '../../graph/graph.js'
import { Copier, slice } from '../../graph/rewrite.js'
import type { TensorType } from '../../graph/types.js'
import { computedFrom } from '../4-lower/gradient-objective.js'
import type { LoweredStage } from '../4-lower/lowered.js'
import type { InputRole, OutputRole } from '../../artefact/manifest.js'
import { expandChunkSum } from './chunk-loop.js'
import { dropMarkers, expandGradient, gradientsOf } from './expand.js'
import { gradients } from './gradients.js'
import { unreachableTrained } from './problems.js'
import { averages, clipFactor, globalNorm, stateKey, updates } from './update.js'

/** A graph that the runner calls, with the meaning of its inputs and outputs by name. */
export interface StepGraph {
  readonly graph: Graph
  readonly inputs: ReadonlyMap<string, InputRole>
  readonly outputs: ReadonlyMap<string, OutputRole>
}

/** The graphs of a stage: its step with all monitors, and with accumulation that of the micro-batches before it. */
export interface DifferentiatedStage {
  readonly full: StepGraph
  readonly micro: StepGraph | null
}

/**
 * Builds a stage's graphs: forward, then backward, then the updates. State enters as `state/<key>` and leaves
 * as `<key>`. With accumulation, `micro` adds its gradients to the accumulators `grad/...`, of which the runner
 * feeds zeros to the first micro-batch of a step; `step` takes them in, adds its own gradients and divides by n.
 * The draft is that of the passes that will come.
 */
export function differentiate(stage: LoweredStage, draft?: Draft): DifferentiatedStage {
  return {
    full: new StepBuilder(stage, stage.graph.outputs, draft).step(),
    micro: stage.accumulate > 1 ? new StepBuilder(stage, objectiveOf(stage.graph), draft).micro() : null,
  }
}

/**
 * The plain step, and the monitored one where it has monitors. The plain one is a slice of it: both run the same nodes,
 * so that the state comes out the same to the bit.
 */
export function stepsOf(full: StepGraph): {
  readonly step: StepGraph
  readonly monitored: StepGraph | null
} {
  const kept = new Map([...full.outputs].filter(([, role]) => role.kind !== 'monitor'))
  if (kept.size === full.outputs.size) return { step: full, monitored: null }
  const graph = slice(
    full.graph,
    full.graph.outputs.filter((o) => kept.has(o.name)),
  )
  return { step: { graph, inputs: usedInputs(graph, full.inputs), outputs: kept }, monitored: full }
}

/** Everything but the monitors. */
const objectiveOf = (graph: Graph): readonly Output[] =>
  graph.outputs.filter((o) => !o.name.startsWith('monitor/'))

const gradientOutputs = (outputs: readonly Output[]): readonly Value[] =>
  outputs.filter((o) => o.name.startsWith('gradient/')).map((o) => o.value)

function usedInputs(graph: Graph, inputs: ReadonlyMap<string, InputRole>): ReadonlyMap<string, InputRole> {
  const used = new Set(graph.inputs.map((v) => (v.source.kind === 'input' ? v.source.name : '')))
  return new Map([...inputs].filter(([name]) => used.has(name)))
}

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
  private readonly b: Builder
  private readonly inputs = new Map<string, InputRole>()
  private readonly hypers = new Map<string, Value>()
  /** With accumulation: the gradients that `given` is computed from, and their accumulators with this batch's added. */
  private readonly leaves: readonly Node[]
  private readonly sums: (readonly [key: string, sum: Value])[] = []

  constructor(
    private readonly stage: LoweredStage,
    wanted: readonly Output[],
    private readonly draft: Draft | undefined,
  ) {
    this.b = new Builder({ next: 0 }, draft)
    this.leaves = stage.accumulate > 1 ? computedFrom(gradientOutputs(wanted)).gradients : []
    this.parameters = stage.trained.map((t) => this.state(stateKey('param', t), t))
    const { precision } = stage
    this.read = this.parameters.map((p) =>
      precision && p.type.dtype === 'f32' ? this.b.cast(this.b.cast(p, precision), 'f32') : p,
    )
    const trained = new Map(stage.trained.map((t, i) => [`${t.model}/${t.path}`, this.read[i]]))
    const copier = new Copier(this.b, {
      outputs: wanted,
      leaf: (value) => this.leaf(value, trained),
      node: (node, inputs, copy) =>
        this.accumulatedLeaf(node, inputs) ??
        expandGradient(node, inputs, copy) ??
        expandChunkSum(node, inputs, copy),
    })
    const outputs = copier.copy(stage.graph)
    const loss = outputs.find((o) => o.name === 'loss')
    if (!loss) throw new Error(`stage ${stage.name} has no loss`)
    this.loss = loss.value
    this.monitors = outputs.filter((o) => o.name.startsWith('monitor/'))
    const given = gradientOutputs(outputs)
    this.given = given.length > 0 ? given : null
  }

  step(): StepGraph {
    const { b, stage } = this
    const { accumulate, clipNorm } = stage
    const sums = this.given ?? (accumulate > 1 ? this.accumulated() : this.gradients())
    b.span = stage.span
    // What is given is computed from means already.
    const share = this.given ? 1 : 1 / accumulate
    const norm = b.scale(globalNorm(b, sums), share)
    const clip = clipNorm === null ? null : clipFactor(b, norm, clipNorm)
    // The division by n and the clipping are one factor.
    const factor = clip ? b.scale(clip, share) : share < 1 ? b.scalar(share) : null
    const final = factor ? sums.map((g) => b.mul(g, factor)) : sums
    const state = updates(b, stage, this.parameters, final, {
      slot: (key, like) => this.state(key, { dtype: 'f32', shape: like.type.shape }),
      hyper: (group, name) => this.hyper(group, name),
    })
    const kept = averages(b, stage, state, this.parameters, (key, like) =>
      this.state(key, { dtype: 'f32', shape: like.type.shape }),
    )
    return this.finish([
      ['loss', { kind: 'loss' }, this.loss],
      ['grad_norm', { kind: 'grad_norm' }, norm],
      ...this.monitors.map(({ name, value }): NamedOutput => {
        return [name, { kind: 'monitor', name: name.slice('monitor/'.length) }, value]
      }),
      ...[...state, ...kept].map(([key, value]): NamedOutput => [key, { kind: 'state', key }, value]),
    ])
  }

  micro(): StepGraph {
    if (!this.given) this.accumulated()
    const sums = this.sums.map(([key, value]): NamedOutput => [key, { kind: 'state', key }, value])
    return this.finish([['loss', { kind: 'loss' }, this.loss], ...sums])
  }

  /** The gradient of the loss with respect to each trained parameter. */
  private gradients(): readonly Value[] {
    const found = gradients(this.b, [{ value: this.loss }], this.read)
    const missing = this.stage.trained.filter((_, i) => !found[i])
    if (missing.length > 0) throw new UserError(unreachableTrained(this.stage, missing))
    return found.filter((g) => g !== null)
  }

  /** The accumulators with this batch's gradients added. */
  private accumulated(): readonly Value[] {
    const own = this.gradients()
    this.b.span = this.stage.span
    return own.map((g, i) => {
      const trained = this.stage.trained[i]
      if (!trained) throw new Error('a gradient without a parameter')
      return this.added(stateKey('grad', trained), g)
    })
  }

  /** One of the gradients that `given` is computed from, as its mean over the micro-batches. */
  private accumulatedLeaf(node: Node, inputs: readonly (Value | null)[]): readonly Value[] | undefined {
    const k = this.leaves.indexOf(node)
    if (k < 0) return undefined
    const { b, stage } = this
    const found = gradientsOf(node, inputs, b)
    b.span = node.span
    return node.inputs.slice(1).map((target, i) => {
      const own = found[i]
      if (target?.source.kind !== 'parameter') throw new Error('a gradient by no parameter')
      if (!own) return b.zerosLike(target)
      return b.scale(this.added(stateKey(`grad/${k}`, target.source), own), 1 / stage.accumulate)
    })
  }

  /** An accumulator with this batch's part added. */
  private added(key: string, own: Value): Value {
    const sum = this.b.add(this.state(key, own.type), own)
    this.sums.push([key, sum])
    return sum
  }

  private finish(outputs: readonly NamedOutput[]): StepGraph {
    const built = this.b.finish(
      this.stage.name,
      outputs.map(([name, , value]) => ({ name, value })),
    )
    const graph = dropMarkers(built, this.draft)
    return {
      graph,
      inputs: usedInputs(graph, this.inputs),
      outputs: new Map(outputs.map(([name, role]) => [name, role])),
    }
  }

  private leaf(value: Value, trained: ReadonlyMap<string, Value | undefined>): Value | undefined {
    const { source } = value
    if (source.kind === 'parameter') return trained.get(`${source.model}/${source.path}`)
    if (source.kind === 'input') return this.input(source.name, this.roleOf(source.name), value.type)
    return undefined
  }

  /** The role of a forward graph's input, which its name tells. */
  private roleOf(name: string): InputRole {
    const [kind, ...rest] = name.split('/')
    const path = rest.join('/')
    const distribution = this.stage.draws.get(path)
    if (kind === 'draw' && distribution) return { kind: 'draw', path, distribution }
    const [data, field] = rest
    if (kind === 'batch' && data && field) return { kind: 'batch', data, field }
    throw new Error(`the input ${name} of stage ${this.stage.name} has no role`)
  }

  private state(key: string, type: TensorType): Value {
    return this.input(`state/${key}`, { kind: 'state', key }, { dtype: type.dtype, shape: type.shape })
  }

  private hyper(group: number, name: string): Value {
    const full = `hyper/${group}/${name}`
    const value =
      this.hypers.get(full) ?? this.input(full, { kind: 'hyper', group, name }, { dtype: 'f32', shape: [] })
    this.hypers.set(full, value)
    return value
  }

  private input(name: string, role: InputRole, type: TensorType): Value {
    this.inputs.set(name, role)
    return this.b.input(name, type)
  }
}

type NamedOutput = readonly [name: string, role: OutputRole, value: Value]
