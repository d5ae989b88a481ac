import type { GraphSpec } from '../../src/artefact/graphs.js'
import type { Artefact } from '../../src/artefact/manifest.js'
import type { StageSpec } from '../../src/artefact/stages.js'
import { link } from '../../src/artefact/link.js'
import { stateName } from '../../src/artefact/roles.js'
import { Feeder } from '../../src/runtime/feeds.js'
import type { OpenData } from '../../src/runtime/fields.js'
import { hyperAt } from '../../src/runtime/hyper.js'
import { openAllData } from '../../src/runtime/open-data.js'
import { Batches } from '../../src/runtime/order/batches.js'
import { alone } from '../../src/runtime/order/order.js'
import { readTensor } from '../../src/weights/safetensors.js'
import type { HostGraph } from '../../src/runtime/executors/executor.js'
import { loadGraph } from '../../src/runtime/executors/load.js'
import { type HostTensor, type HostTensors, hostArray, toFloat32 } from '../../src/runtime/tensors.js'
import { Weights, fileSystemRoot } from '../../src/runtime/weights.js'
import { onlyOutput } from './loss-only.js'

/** Values by state key. */
export type State = ReadonlyMap<string, Float32Array<ArrayBuffer>>

const span = { file: 'test', start: 0, end: 0 }
const settings = { target: 'cpu', root: fileSystemRoot, threads: 1 }
const seed = 1

/** The step graph of a stage as emitted, on onnxruntime, with the batch and draws of its first step. */
export class Probe {
  private constructor(
    readonly stage: StageSpec,
    /** What the stage starts from. */
    readonly start: State,
    private readonly graph: HostGraph,
    private readonly forward: HostGraph,
    private readonly feeds: HostTensors,
    private readonly constants: ReadonlyMap<string, HostTensor>,
  ) {}

  static async open(
    { manifest, files }: Artefact,
    name: string,
    root: string,
    directory: string,
  ): Promise<Probe> {
    const stage = manifest.stages.find((s) => s.name === name)
    const [update] = stage?.updates ?? []
    if (!stage || !update) throw new Error(`no stage ${name}`)
    // What only evaluations read is not opened.
    const { data, problems } = await openAllData({ ...manifest, evaluations: [] }, root, () => span)
    const { weights, problems: more } = await Weights.open(
      manifest,
      { root, directory, seed, spanOf: () => span },
      problems,
    )
    if (more.length > 0) throw new Error(more.map((d) => d.message).join('\n'))

    const load = (spec: GraphSpec, output?: string): Promise<HostGraph> => {
      const bytes = files.get(spec.file)
      if (!bytes) throw new Error(`no file ${spec.file}`)
      const linked = link(bytes, weights.bindings(spec))
      if (output === undefined) return loadGraph(spec, linked, settings)
      const { model, inputs } = onlyOutput(linked, output)
      return loadGraph(
        { ...spec, inputs: spec.inputs.filter(({ name }) => inputs.has(name)) },
        model,
        settings,
      )
    }
    const constants = new Map<string, HostTensor>()
    const { prologue, step } = update.graphs
    if (prologue) {
      const graph = await load(prologue)
      for (const [{ role }, value] of await graph.run(() => unreachable('a prologue reads no input')))
        if (role.kind === 'prologue') constants.set(role.key, value)
      await graph.release()
    }
    const start = new Map<string, Float32Array<ArrayBuffer>>()
    for (const { model, path, shape } of update.trained) {
      const values = hostArray('f32', await readTensor(weights.parameter(model, path)))
      start.set(`param/${model}/${path}`, toFloat32({ dtype: 'f32', shape, data: values }))
    }
    const orders = ({ rows, spec }: OpenData): Batches =>
      new Batches(rows, { seed, data: spec.name, ...alone })
    const hyper = hyperAt(update, 1, stage.steps)
    const feeds = await new Feeder(data).feeds(step, {
      seed,
      stage: name,
      step: 1,
      micro: 0,
      rows: (open, size) => orders(open).batch(0, size),
      hyper: (group, scalar) => hyper[group]?.scalars[scalar] ?? NaN,
    })
    const output = step.outputs.find(({ role }) => role.kind === 'loss')
    if (!output) throw new Error(`${step.file} gives no loss`)
    const forward = await load({ ...step, outputs: [output] }, output.name)
    return new Probe(stage, start, await load(step), forward, feeds, constants)
  }

  /** One step from a state: its loss, and the state after it. */
  async step(state: State = this.start): Promise<{ readonly loss: number; readonly state: State }> {
    let loss = NaN
    const next = new Map<string, Float32Array<ArrayBuffer>>()
    for (const [{ role }, tensor] of await this.run(this.graph, state)) {
      const values = toFloat32(tensor)
      if (role.kind === 'loss') loss = values[0] ?? NaN
      if (role.kind === 'state') next.set(stateName(role.state), values)
    }
    return { loss, state: next }
  }

  /** The loss of the step graph at a state, without the rest of the step. */
  async loss(state: State): Promise<number> {
    for (const [, tensor] of await this.run(this.forward, state)) return toFloat32(tensor)[0] ?? NaN
    return NaN
  }

  private run(graph: HostGraph, state: State): ReturnType<HostGraph['run']> {
    return graph.run(({ name, role, dtype, shape }) => {
      // Averages start at the parameters.
      const key = role.kind === 'state' ? stateName(role.state).replace(/^ema/, 'param') : ''
      const given = state.get(key)
      const constant = role.kind === 'prologue' ? this.constants.get(role.key) : this.feeds[name]
      const tensor = given ? { dtype, shape, data: given } : constant
      return tensor ?? unreachable(`nothing to feed into ${name}`)
    })
  }

  async close(): Promise<void> {
    await this.graph.release()
    await this.forward.release()
  }
}

function unreachable(why: string): never {
  throw new Error(why)
}
