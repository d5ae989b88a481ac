import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GraphSpec } from '../artefact/graphs.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import type { AdapterSpec } from '../artefact/models.js'
import type { StageSpec } from '../artefact/stages.js'
import { link } from '../artefact/link.js'
import { stateName } from '../artefact/roles.js'
import { inside } from '../inside.js'
import type { RunEvent } from './events.js'
import { writePeftConfig } from './exports/peft.js'
import { peftBias, peftFiles } from './exports/peft-names.js'
import type { Feeder } from './feeds.js'
import type { OpenData } from './fields.js'
import { type GroupHyper, hyperAt } from './hyper.js'
import { Batches } from './order/batches.js'
import type { Cursor } from './order/cursor.js'
import { alone } from './order/order.js'
import { prologueFile } from './prologue.js'
import type { RunFolder } from './run-folder.js'
import { openSafetensors } from '../weights/safetensors.js'
import type { StoredTensor } from '../weights/table.js'
import type { SessionSettings } from './session.js'
import type { MonitorValue } from './metrics-line.js'
import type { StagePlan, StateTensor, StepOutcome } from './step-loop.js'
import type { Substitutes } from './substitutes.js'
import { buffersOf } from './tensors.js'
import type { WorkerThread } from './thread.js'
import type { Weights } from './weights.js'

export interface TrainContext {
  readonly artefact: Artefact
  readonly thread: WorkerThread
  readonly feeder: Feeder
  readonly data: ReadonlyMap<string, OpenData>
  readonly weights: Weights
  readonly folder: RunFolder
  /** The folder for results of prologues that all runs of a project share. */
  readonly cache: string
  readonly seed: number
  readonly random: Substitutes
  readonly settings: SessionSettings
  readonly signal: AbortSignal | undefined
  readonly emit: (event: RunEvent) => void
}

/** Of the monitors that record a share: at how many steps they were due, and at how many their condition held. */
export type Shares = Readonly<Record<string, { readonly steps: number; readonly held: number }>>

/** Where the streams that a stage reads stand, by data. */
type Cursors = Readonly<Record<string, Cursor>>

/** What a checkpoint holds beside tensors. */
interface Beside {
  readonly shares: Shares
  readonly cursors: Cursors
}

export interface StageRun {
  readonly stage: StageSpec
  /** The last step to train, at most the stage's own number. */
  readonly steps: number
  /** A checkpoint within the stage to go on from. */
  readonly from: (Beside & { readonly step: number; readonly directory: string }) | null
}

export type StageEnd =
  | { readonly kind: 'trained' }
  | { readonly kind: 'stopped'; readonly step: number }
  | {
      readonly kind: 'not-finite'
      readonly step: number
      readonly what: string
      readonly value: number
      /** The step of the checkpoint that holds the last good state. */
      readonly kept: number | null
    }

/** What is done beside training. */
export interface StageHooks {
  readonly begun: () => Promise<void>
  readonly save: (step: number, beside: Beside) => Promise<void>
}

/** Runs of a graph that are on their way to the worker: one that runs and one that waits. */
const lookahead = 2

/**
 * Trains one stage in the worker thread. While a step runs there, this thread makes the next batches and draws; each
 * is a pure function of the step, so that a resumed run goes on as if it had never stopped. `begun` is awaited after the
 * first step; `save` writes a checkpoint of the state after a step.
 */
export async function trainStage(
  run: StageRun,
  context: TrainContext,
  { begun, save }: StageHooks,
): Promise<StageEnd> {
  const { thread } = context
  await thread.call('openStage', [await planStage(run, context)])
  const trainer = new StageTrainer(run, context, save)
  try {
    return await trainer.train(begun)
  } finally {
    await trainer.close()
    await thread.call('closeStage', [])
  }
}

type Failure = Extract<StepOutcome, { kind: 'not-finite' }> & { readonly step: number }

class StageTrainer {
  private readonly orders = new Map<string, Batches>()
  /** Where the streams stand behind the rows of a step, for steps that are under way and the last one taken. */
  private readonly cursors = new Map<number, Cursors>()
  /** Requests on their way, oldest first; an error waits in `error`. */
  private readonly sent: Promise<void>[] = []
  private error: unknown
  private failure: Failure | undefined
  /** The last step taken, and the last one that a checkpoint holds. */
  private taken: number
  private saved: number
  private readonly shares: Record<string, Shares[string]>

  constructor(
    private readonly run: StageRun,
    private readonly context: TrainContext,
    private readonly save: StageHooks['save'],
  ) {
    this.taken = run.from?.step ?? 0
    this.saved = this.taken
    this.shares = { ...run.from?.shares }
  }

  async train(begun: () => Promise<void>): Promise<StageEnd> {
    const { stage, steps } = this.run
    const first = this.taken + 1
    for (let step = first; step <= steps && !this.isEnding; step++) {
      for (let micro = 0; micro < stage.accumulate - 1; micro++) await this.sendMicro(step, micro)
      await this.sendStep(step)
      if (step === first) {
        await this.settle(0)
        await begun()
      }
      if (step === steps || (stage.save_every !== null && step % stage.save_every === 0))
        await this.checkpoint()
    }
    await this.checkpoint()
    if (this.failure) return { ...this.failure, kept: this.saved > 0 ? this.saved : null }
    return this.taken === steps ? { kind: 'trained' } : { kind: 'stopped', step: this.taken }
  }

  private get isEnding(): boolean {
    return this.failure !== undefined || this.context.signal?.aborted === true
  }

  private async sendMicro(step: number, micro: number): Promise<void> {
    const { micro: graph } = this.run.stage.graphs
    if (!graph) throw new Error(`stage ${this.run.stage.name} has no graph for micro-batches`)
    await this.settle(lookahead - 1)
    const feeds = await this.feeds(graph, step, micro, hyperAt(this.run.stage, step))
    const request = this.context.thread.call('micro', [feeds], buffersOf(feeds))
    this.track(request.then(({ buffers }) => this.context.feeder.reuse(buffers)))
  }

  private async sendStep(step: number): Promise<void> {
    const { stage } = this.run
    await this.settle(lookahead - 1)
    const monitored =
      stage.graphs.monitored !== null && stage.monitors.some(({ every }) => step % every === 0)
    const hyper = hyperAt(stage, step)
    const graph = (monitored && stage.graphs.monitored) || stage.graphs.step
    const feeds = await this.feeds(graph, step, stage.accumulate - 1, hyper)
    this.cursors.set(step, this.cursorsNow())
    const request = this.context.thread.call('step', [feeds, monitored], buffersOf(feeds))
    this.track(
      request.then(({ outcome, buffers }) => {
        this.context.feeder.reuse(buffers)
        this.take(step, hyper, outcome)
      }),
    )
  }

  private feeds(graph: GraphSpec, step: number, micro: number, hyper: readonly GroupHyper[]) {
    const { seed, feeder } = this.context
    const { name, accumulate } = this.run.stage
    return feeder.feeds(graph, {
      seed,
      stage: name,
      step,
      micro,
      rows: (data, size) => this.order(data).batch((step - 1) * accumulate + micro, size),
      hyper: (group, scalar) => {
        const value = hyper[group]?.scalars[scalar]
        if (value === undefined) throw new Error(`group ${group} has no scalar ${scalar}`)
        return value
      },
    })
  }

  private order({ spec: { name: data }, rows }: OpenData): Batches {
    const known = this.orders.get(data)
    if (known) return known
    const order = new Batches(rows, { seed: this.context.seed, data, ...alone }, this.run.from?.cursors[data])
    this.orders.set(data, order)
    return order
  }

  /** What has not been read since the run went on stands where it stood. */
  private cursorsNow(): Cursors {
    const own = [...this.orders].flatMap(([data, order]): [string, Cursor][] => {
      const cursor = order.cursor()
      return cursor ? [[data, cursor]] : []
    })
    return { ...this.run.from?.cursors, ...Object.fromEntries(own) }
  }

  async close(): Promise<void> {
    for (const order of this.orders.values()) await order.close()
  }

  private take(step: number, hyper: readonly GroupHyper[], outcome: StepOutcome): void {
    if (outcome.kind === 'not-finite') this.failure = { ...outcome, step }
    if (outcome.kind !== 'done') return
    this.cursors.delete(this.taken)
    this.taken = step
    const { stage, steps } = this.run
    const due = stage.monitors.flatMap(({ name, every, statistic }): [string, MonitorValue][] => {
      const value = outcome.monitors[name]
      if (value === undefined || step % every !== 0) return []
      return [[name, statistic === 'share' ? this.shareOf(name, value) : value]]
    })
    const rates = hyper.map(({ lr }) => lr)
    const [only = 0] = rates
    const line = {
      stage: stage.name,
      step,
      loss: outcome.loss,
      lr: rates.length === 1 ? only : rates,
      grad_norm: outcome.gradNorm,
      monitors: Object.fromEntries(due),
      step_ms: round(outcome.stepMs),
      data_ms: round(outcome.waitMs),
    }
    this.context.folder.metrics(line)
    this.context.emit({ kind: 'step', line, steps })
  }

  /** The share of a monitor with one more step. */
  private shareOf(name: string, value: MonitorValue): number {
    const { steps, held } = this.shares[name] ?? { steps: 0, held: 0 }
    const next = { steps: steps + 1, held: held + Number(value) }
    this.shares[name] = next
    return next.held / next.steps
  }

  /** Writes the state after the last step taken, unless a checkpoint holds it or it is no longer finite. */
  private async checkpoint(): Promise<void> {
    await this.settle(0)
    if (this.taken === this.saved) return
    if (this.failure && !(await this.context.thread.call('isFinite', []))) return
    await this.save(this.taken, { shares: { ...this.shares }, cursors: this.cursors.get(this.taken) ?? {} })
    this.saved = this.taken
  }

  private track(request: Promise<void>): void {
    this.sent.push(
      request.catch((error: unknown) => {
        this.error ??= error
      }),
    )
  }

  /** Waits until at most `left` requests are on their way. */
  private async settle(left: number): Promise<void> {
    while (this.sent.length > left) await this.sent.shift()
    if (this.error !== undefined) throw this.error
  }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

const parameterKey = (model: string, path: string): string => stateName({ kind: 'parameter', model, path })
const carriedKey = (model: string, path: string): string => stateName({ kind: 'carried', model, path })
const averageKey = (model: string, path: string): string => stateName({ kind: 'average', model, path })
const slotKey = (slot: string, model: string, path: string): string =>
  stateName({ kind: 'slot', slot, model, path })

async function planStage(
  { stage, from }: StageRun,
  { artefact, weights, folder, cache, settings }: TrainContext,
): Promise<StagePlan> {
  await weights.prepare(stage)
  const models = new Map<string, ReadonlyMap<string, StoredTensor>>()
  const stored = async (file: string, name: string): Promise<StoredTensor> => {
    const tensors = models.get(file) ?? (await openSafetensors(file)).tensors
    models.set(file, tensors)
    const tensor = tensors.get(name)
    if (!tensor) throw new Error(`${file} has no tensor ${name}`)
    return tensor
  }
  const state: StagePlan['state'][number][] = []
  const dtype = 'f32'
  for (const { model, path, shape } of stage.trained) {
    const parameter = from
      ? await stored(join(from.directory, checkpointFile(artefact.manifest, model)), path)
      : weights.parameter(model, path)
    state.push({ key: parameterKey(model, path), dtype, shape, stored: parameter })
    if (stage.ema !== null) {
      const key = averageKey(model, path)
      const kept = from && (await stored(join(from.directory, 'optimizer.safetensors'), key))
      state.push({ key, dtype, shape, stored: kept ?? parameter })
    }
    for (const slot of stage.slots) {
      const key = slotKey(slot, model, path)
      state.push({
        key,
        dtype,
        shape,
        stored: from && (await stored(join(from.directory, 'optimizer.safetensors'), key)),
      })
    }
  }
  for (const { model, path, ...type } of stage.states) {
    const held = from
      ? await stored(join(from.directory, checkpointFile(artefact.manifest, model)), path)
      : weights.parameter(model, path)
    state.push({ key: carriedKey(model, path), ...type, stored: held })
  }
  const linked = (spec: GraphSpec | null): Uint8Array | null => {
    if (!spec) return null
    const model = artefact.files.get(spec.file)
    if (!model) throw new Error(`no file ${spec.file}`)
    return link(model, weights.bindings(spec))
  }
  const { step, monitored, micro, prologue } = stage.graphs
  const graphs = {
    step: linked(step),
    monitored: linked(monitored),
    micro: linked(micro),
    prologue: linked(prologue),
  }
  const file =
    prologue && graphs.prologue
      ? prologueFile(graphs.prologue, weights.bindings(prologue), { cache, run: folder.directory })
      : null
  return { stage, graphs, state, prologueFile: file, settings }
}

/** Has the worker write its state: a whole file for each model that the stage changes, and the optimizer's. */
export async function writeState(directory: string, stage: StageSpec, context: TrainContext): Promise<void> {
  const { thread, weights, artefact } = context
  for (const name of changedModels(stage)) {
    const keys = new Map([
      ...stage.trained.map((t) => [`${t.model}/${t.path}`, parameterKey(t.model, t.path)] as const),
      ...stage.states.map((s) => [`${s.model}/${s.path}`, carriedKey(s.model, s.path)] as const),
    ])
    const parameters = artefact.manifest.models.find((m) => m.name === name)?.parameters ?? []
    const tensors = parameters.map(({ path, dtype, shape }): StateTensor => {
      const head = { name: path, dtype, shape }
      const key = keys.get(`${name}/${path}`)
      return key === undefined ? { ...head, content: weights.parameter(name, path) } : { ...head, key }
    })
    const adapter = artefact.manifest.adapters.find((a) => a.name === name)
    if (adapter) {
      tensors.push(...biasesOf(adapter, stage, context))
      const own = inside(directory, name)
      mkdirSync(own)
      writePeftConfig(artefact.manifest, name, own)
    }
    await thread.call('writeState', [inside(directory, checkpointFile(artefact.manifest, name)), tensors])
  }
  const slots = stage.trained.flatMap(({ model, path, shape }) => {
    const kept = stage.slots.map((slot) => slotKey(slot, model, path))
    const keys = stage.ema === null ? kept : [...kept, averageKey(model, path)]
    return keys.map((key): StateTensor => ({ name: key, dtype: 'f32', shape, key }))
  })
  await thread.call('writeState', [join(directory, 'optimizer.safetensors'), slots])
}

/** The biases that an adapter trains, as peft keeps them with it; the file of the model holds them too. */
function biasesOf(
  { model, biases }: AdapterSpec,
  stage: StageSpec,
  { artefact, weights }: TrainContext,
): readonly StateTensor[] {
  const parameters = artefact.manifest.models.find((m) => m.name === model)?.parameters ?? []
  return parameters
    .filter(({ path }) => biases.includes(path))
    .map(({ path, dtype, shape }) => {
      const head = { name: peftBias(path), dtype, shape }
      return stage.trained.some((t) => t.model === model && t.path === path)
        ? { ...head, key: parameterKey(model, path) }
        : { ...head, content: weights.parameter(model, path) }
    })
}

/** The file of a model in a checkpoint's folder; an adapter has a folder of its own, in peft's form. */
export const checkpointFile = ({ adapters }: Manifest, model: string): string =>
  adapters.some(({ name }) => name === model) ? `${model}/${peftFiles.weights}` : `${model}.safetensors`

/** The models that a stage changes. */
export const changedModels = ({ trained, states }: StageSpec): readonly string[] => [
  ...new Set([...trained, ...states].map(({ model }) => model)),
]

/** Rows of data that one step takes; 0 where it reads none. */
export function rowsPerStep({ graphs, accumulate }: StageSpec): number {
  const sizes = graphs.step.inputs.flatMap(({ role, shape }) =>
    role.kind === 'batch' ? [shape[0] ?? 1] : [],
  )
  return Math.max(0, ...sizes) * accumulate
}
