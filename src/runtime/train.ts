import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GraphSpec } from '../artefact/graphs.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import type { AdapterSpec } from '../artefact/models.js'
import type { StageSpec, UpdateSpec } from '../artefact/stages.js'
import { link } from '../artefact/link.js'
import { stateKey } from '../artefact/roles.js'
import { statesOf, trainedOf } from '../artefact/stage-parts.js'
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
import type { MonitorValue, RoundLine, UpdateMetrics } from './metrics-line.js'
import { type Execution, executionsOf, rowsOfRound } from './round.js'
import type { StagePlan, StateTensor, StepOutcome } from './step-loop.js'
import type { Substitutes } from './substitutes.js'
import { dueAfter } from './validation.js'
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
  | { readonly kind: 'trained'; readonly step: number }
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
  /** Makes the evaluations that are due after a step, whose checkpoint is written; whether the stage ends with it. */
  readonly measure: (step: number) => Promise<boolean>
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
  { begun, ...hooks }: StageHooks,
): Promise<StageEnd> {
  const { thread } = context
  await thread.call('openStage', [await planStage(run, context)])
  const trainer = new StageTrainer(run, context, hooks)
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
  /** What the updates of the round at hand have given. */
  private readonly round: ExecutionOutcome[] = []
  private readonly shares: Record<string, Shares[string]>

  constructor(
    private readonly run: StageRun,
    private readonly context: TrainContext,
    private readonly hooks: Omit<StageHooks, 'begun'>,
  ) {
    this.taken = run.from?.step ?? 0
    this.saved = this.taken
    this.shares = { ...run.from?.shares }
  }

  async train(begun: () => Promise<void>): Promise<StageEnd> {
    const { stage, steps } = this.run
    if (this.taken > 0 && (await this.ends(this.taken))) return { kind: 'trained', step: this.taken }
    const first = this.taken + 1
    for (let step = first; step <= steps && !this.isEnding; step++) {
      await this.sendRound(step)
      if (step === first) {
        await this.settle(0)
        await begun()
      }
      const measured = dueAfter(stage, step, steps).size > 0
      if (step === steps || measured || (stage.save_every !== null && step % stage.save_every === 0))
        await this.checkpoint()
      if (measured && (await this.ends(step))) return { kind: 'trained', step }
    }
    await this.checkpoint()
    if (this.failure) return { ...this.failure, kept: this.saved > 0 ? this.saved : null }
    return this.taken === steps ? { kind: 'trained', step: steps } : { kind: 'stopped', step: this.taken }
  }

  /** Makes the evaluations that are due after the step that a checkpoint holds; whether the stage ends with it. */
  private async ends(step: number): Promise<boolean> {
    const { stage, steps } = this.run
    if (this.saved !== step || this.isEnding || dueAfter(stage, step, steps).size === 0) return false
    return this.hooks.measure(step)
  }

  private get isEnding(): boolean {
    return this.failure !== undefined || this.context.signal?.aborted === true
  }

  private async sendRound(round: number): Promise<void> {
    const executions = executionsOf(this.run.stage, round)
    for (const execution of executions) {
      const { accumulate } = execution.update
      for (let micro = 0; micro < accumulate - 1; micro++) await this.sendMicro(execution, micro)
      await this.sendStep(execution, round, execution === executions.at(-1))
    }
  }

  private async sendMicro(execution: Execution, micro: number): Promise<void> {
    const { micro: graph } = execution.update.graphs
    if (!graph) throw new Error(`${this.drawsOf(execution)} has no graph for micro-batches`)
    await this.settle(lookahead - 1)
    const feeds = await this.feeds(graph, execution, micro, this.hyperOf(execution))
    const request = this.context.thread.call('micro', [execution.index, feeds], buffersOf(feeds))
    this.track(request.then(({ buffers }) => this.context.feeder.reuse(buffers)))
  }

  private async sendStep(execution: Execution, round: number, ends: boolean): Promise<void> {
    const { graphs, accumulate } = execution.update
    await this.settle(lookahead - 1)
    const monitored =
      ends && graphs.monitored !== null && this.run.stage.monitors.some(({ every }) => round % every === 0)
    const hyper = this.hyperOf(execution)
    const graph = (monitored && graphs.monitored) || graphs.step
    const feeds = await this.feeds(graph, execution, accumulate - 1, hyper)
    if (ends) this.cursors.set(round, this.cursorsNow())
    const request = this.context.thread.call('step', [execution.index, feeds, monitored], buffersOf(feeds))
    this.track(
      request.then(({ outcome, buffers }) => {
        this.context.feeder.reuse(buffers)
        if (outcome.kind === 'not-finite') this.failure = { ...outcome, step: round }
        if (outcome.kind === 'done') this.round.push({ execution, hyper, outcome })
        if (outcome.kind === 'done' && ends) this.endRound(round)
      }),
    )
  }

  private hyperOf({ update, number }: Execution): readonly GroupHyper[] {
    return hyperAt(update, number, this.run.stage.steps * update.times)
  }

  /** The name under which the draws of an update are keyed. */
  private drawsOf({ update }: Execution): string {
    const { name } = this.run.stage
    return update.name === null ? name : `${name}/${update.name}`
  }

  private feeds(graph: GraphSpec, execution: Execution, micro: number, hyper: readonly GroupHyper[]) {
    const { seed, feeder } = this.context
    return feeder.feeds(graph, {
      seed,
      stage: this.drawsOf(execution),
      step: execution.number,
      micro,
      rows: (data, size) =>
        this.order(data).behind(execution.rowsBefore(data.spec.name) + micro * size, size),
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

  /** Takes note of a round whose updates have all run. */
  private endRound(step: number): void {
    const done = this.round.splice(0)
    this.cursors.delete(this.taken)
    this.taken = step
    const { stage, steps } = this.run
    const monitors = done.at(-1)?.outcome.monitors ?? {}
    const due = stage.monitors.flatMap(({ name, every, statistic }): [string, MonitorValue][] => {
      const value = monitors[name]
      if (value === undefined || step % every !== 0) return []
      return [[name, statistic === 'share' ? this.shareOf(name, value) : value]]
    })
    const line = {
      stage: stage.name,
      step,
      ...metricsOf(done),
      monitors: Object.fromEntries(due),
      step_ms: round(done.reduce((sum, { outcome }) => sum + outcome.stepMs, 0)),
      data_ms: round(done.reduce((sum, { outcome }) => sum + outcome.waitMs, 0)),
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

  /**
   * Writes the state after the last step taken, unless a checkpoint holds it, a round has stopped in the middle, or it is
   * no longer finite.
   */
  private async checkpoint(): Promise<void> {
    await this.settle(0)
    if (this.taken === this.saved || this.round.length > 0) return
    if (this.failure && !(await this.context.thread.call('isFinite', []))) return
    await this.hooks.save(this.taken, {
      shares: { ...this.shares },
      cursors: this.cursors.get(this.taken) ?? {},
    })
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

interface ExecutionOutcome {
  readonly execution: Execution
  readonly hyper: readonly GroupHyper[]
  readonly outcome: Extract<StepOutcome, { kind: 'done' }>
}

/** What a line says of the updates of a round. */
function metricsOf(done: readonly ExecutionOutcome[]): UpdateMetrics | Pick<RoundLine, 'updates'> {
  const last = done.filter(({ execution }) => execution.isLast)
  const named = last.map(({ execution, hyper, outcome }): [string | null, UpdateMetrics] => {
    const rates = hyper.map(({ lr }) => lr)
    const [only = 0] = rates
    const lr = rates.length === 1 ? only : rates
    return [execution.update.name, { loss: outcome.loss, lr, grad_norm: outcome.gradNorm }]
  })
  const [first] = named
  if (first && first[0] === null) return first[1]
  return { updates: Object.fromEntries(named) }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

const parameterKey = (model: string, path: string): string =>
  stateKey(null, { kind: 'parameter', model, path })
const carriedKey = (model: string, path: string): string => stateKey(null, { kind: 'carried', model, path })
const averageKey = (update: string | null, model: string, path: string): string =>
  stateKey(update, { kind: 'average', model, path })
/** What an update keeps beside a parameter: slots of its optimizer, and the average. */
function keptKeys({ name, slots, ema }: UpdateSpec, model: string, path: string): readonly string[] {
  const kept = slots.map((slot) => stateKey(name, { kind: 'slot', slot, model, path }))
  return ema === null ? kept : [...kept, averageKey(name, model, path)]
}

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
  const parameter = (model: string, path: string): Promise<StoredTensor> | StoredTensor =>
    from
      ? stored(join(from.directory, checkpointFile(artefact.manifest, model)), path)
      : weights.parameter(model, path)
  for (const { model, path, shape } of trainedOf(stage))
    state.push({ key: parameterKey(model, path), dtype, shape, stored: await parameter(model, path) })
  for (const { model, path, ...type } of statesOf(stage))
    state.push({ key: carriedKey(model, path), ...type, stored: await parameter(model, path) })
  for (const update of stage.updates)
    for (const { model, path, shape } of update.trained)
      for (const key of keptKeys(update, model, path)) {
        const starts = key === averageKey(update.name, model, path) ? weights.parameter(model, path) : null
        const kept = from ? await stored(join(from.directory, 'optimizer.safetensors'), key) : starts
        state.push({ key, dtype, shape, stored: kept })
      }
  const linked = (spec: GraphSpec | null): Uint8Array | null => {
    if (!spec) return null
    const model = artefact.files.get(spec.file)
    if (!model) throw new Error(`no file ${spec.file}`)
    return link(model, weights.bindings(spec))
  }
  const updates = stage.updates.map((spec) => {
    const { step, monitored, micro, prologue } = spec.graphs
    const graphs = {
      step: linked(step),
      monitored: linked(monitored),
      micro: linked(micro),
      prologue: linked(prologue),
    }
    const prologueOf =
      prologue && graphs.prologue
        ? prologueFile(graphs.prologue, weights.bindings(prologue), { cache, run: folder.directory })
        : null
    return { spec, graphs, prologueFile: prologueOf }
  })
  return { updates, state, settings }
}

/** Has the worker write its state: a whole file for each model that the stage changes, and the optimizer's. */
export async function writeState(directory: string, stage: StageSpec, context: TrainContext): Promise<void> {
  const { thread, weights, artefact } = context
  for (const name of changedModels(stage)) {
    const keys = new Map([
      ...trainedOf(stage).map((t) => [`${t.model}/${t.path}`, parameterKey(t.model, t.path)] as const),
      ...statesOf(stage).map((s) => [`${s.model}/${s.path}`, carriedKey(s.model, s.path)] as const),
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
  const slots = stage.updates.flatMap((update) =>
    update.trained.flatMap(({ model, path, shape }) =>
      keptKeys(update, model, path).map((key): StateTensor => ({ name: key, dtype: 'f32', shape, key })),
    ),
  )
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
      return trainedOf(stage).some((t) => t.model === model && t.path === path)
        ? { ...head, key: parameterKey(model, path) }
        : { ...head, content: weights.parameter(model, path) }
    })
}

/** The file of a model in a checkpoint's folder; an adapter has a folder of its own, in peft's form. */
export const checkpointFile = ({ adapters }: Manifest, model: string): string =>
  adapters.some(({ name }) => name === model) ? `${model}/${peftFiles.weights}` : `${model}.safetensors`

/** The models that a stage changes. */
export const changedModels = (stage: StageSpec): readonly string[] => [
  ...new Set([...trainedOf(stage), ...statesOf(stage)].map(({ model }) => model)),
]

/** Rows of data that one step takes, of the data of which it takes most; 0 where it reads none. */
export const rowsPerStep = (stage: StageSpec): number => Math.max(0, ...rowsOfRound(stage).values())
