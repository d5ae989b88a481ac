import * as ort from '../../src/runtime/onnxruntime.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { differentiate, stepsOf } from '../../src/compiler/6-differentiate/step.js'
import { stateName } from '../../src/artefact/roles.js'
import { groupOptimizer } from '../../src/compiler/6-differentiate/update.js'
import type { LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { session as onCpu } from '../../src/targets/cpu/session.js'
import type { Graph } from '../../src/graph/graph.js'
import { type Tensor, elementCount, scalar, tensor } from '../../src/graph/types.js'
import { findSchedule } from '../../src/schedules/registry.js'
import { run } from './run.js'
import { stageSteps } from './stages.js'

export type Tensors = Readonly<Record<string, Tensor>>
type Execute = (graph: Graph, inputs: Tensors) => Promise<Tensors>

export const interpreter: Execute = async (graph, inputs) => run(graph, inputs)

/** Runs f32 graphs on onnxruntime, one session per graph. */
export function onnxruntime(): Execute {
  const sessions = new Map<Graph, Promise<ort.InferenceSession>>()
  return async (graph, inputs) => {
    const session = await (sessions.get(graph) ??
      sessions.set(graph, ort.InferenceSession.create(emit(graph), onCpu.options)).get(graph))
    if (!session) throw new Error('no session')
    const feeds = Object.fromEntries(
      session.inputNames.map((name) => {
        const t = inputs[name]
        if (!t) throw new Error(`no value for ${name}`)
        return [name, new ort.Tensor('float32', Float32Array.from(t.data), [...t.shape])]
      }),
    )
    const results = await session.run(feeds)
    return Object.fromEntries(
      Object.entries(results).map(([name, t]) => [name, tensor('f32', t.dims, t.data as Float32Array)]),
    )
  }
}

/** A stage's graphs as the runner has them. */
export interface StageGraphs {
  readonly step: Graph
  readonly monitored: Graph | null
  readonly micro: Graph | null
}

export function graphsOf(stage: LoweredUpdate): StageGraphs {
  const { full, micro } = differentiate(stage, cpu)
  return { ...stepsOf(full), micro }
}

/** A runner in miniature: feeds state, accumulators, hyper-parameters and batches, and takes the new state over. */
export class StageRun {
  readonly state = new Map<string, Tensor>()
  private done = 0

  constructor(
    private readonly stage: LoweredUpdate,
    private readonly graphs: StageGraphs,
    start: Tensors,
    private readonly execute: Execute = interpreter,
  ) {
    for (const [key, value] of Object.entries(start)) this.state.set(key, value)
  }

  /** One optimizer step over its micro-batches; gives the losses and the other outputs of the step graph. */
  async step(
    batches: readonly Tensors[],
    which: 'step' | 'monitored' = 'step',
  ): Promise<{ losses: number[]; outputs: Tensors }> {
    const { micro } = this.graphs
    const step = this.graphs[which]
    if (!step) throw new Error(`no ${which} graph`)
    this.done++
    const accumulators = new Map<string, Tensor>()
    const losses: number[] = []
    let outputs: Tensors = {}
    for (const [i, batch] of batches.entries()) {
      const graph = i < batches.length - 1 ? micro : step
      if (!graph) throw new Error('no micro graph')
      outputs = await this.execute(graph, this.feeds(graph, batch, accumulators))
      for (const { name, role } of graph.outputs) {
        const value = outputs[name]
        if (!value) throw new Error(`no output ${name}`)
        if (role?.kind === 'loss') losses.push(value.data[0] ?? NaN)
        if (role?.kind === 'state')
          (role.state.kind === 'gradient' ? accumulators : this.state).set(stateName(role.state), value)
      }
    }
    return { losses, outputs }
  }

  /** The learning rate of a group at the present step. */
  rate(group = 0): number {
    const spec = this.stage.groups[group]
    const schedule = spec && findSchedule(spec.schedule)
    const lr = spec?.settings['lr']
    if (!spec || !schedule || typeof lr !== 'number') throw new Error('no such group')
    return lr * schedule.factor(spec.scheduleSettings as Record<string, number>, this.done, stageSteps)
  }

  private feeds(graph: Graph, batch: Tensors, accumulators: ReadonlyMap<string, Tensor>): Tensors {
    const feed: Record<string, Tensor> = {}
    for (const { source, type } of graph.inputs) {
      if (source.kind !== 'input') continue
      const { name, role } = source
      const zeros = tensor('f32', type.shape, new Float64Array(elementCount(type.shape)))
      if (role?.kind === 'state') {
        const key = stateName(role.state)
        feed[name] = this.state.get(key) ?? accumulators.get(key) ?? zeros
      } else if (role?.kind === 'hyper') feed[name] = scalar(this.hyper(role.group, role.name))
      else if (batch[name]) feed[name] = batch[name]
    }
    return feed
  }

  private hyper(group: number, name: string): number {
    const spec = this.stage.groups[group]
    if (!spec) throw new Error('no such group')
    const { optimizer, settings } = groupOptimizer(spec)
    const value = optimizer.hyper(settings, this.done, this.rate(group))[name]
    if (value === undefined) throw new Error(`no hyper-parameter ${name}`)
    return value
  }
}
