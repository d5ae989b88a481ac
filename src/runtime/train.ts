import type { GraphSpec } from '../artefact/graphs.js'
import type { StageSpec } from '../artefact/stages.js'
import { Features } from './features/features.js'
import type { OpenData } from './fields.js'
import { type GroupHyper, hyperAt } from './hyper.js'
import type { MonitorValue, RoundLine, UpdateMetrics } from './metrics-line.js'
import { Batches } from './order/batches.js'
import type { Cursor } from './order/cursor.js'
import { alone } from './order/order.js'
import { type Execution, executionsOf, rowsOfRound } from './round.js'
import { planStage } from './stage-state.js'
import type { Origin, StepOutcome } from './step-loop.js'
import { buffersOf } from './tensors.js'
import type { Beside, Cursors, Shares, StageRun, Streaks, TrainContext } from './train-context.js'
import { dueAfter } from './validation.js'

export type StageEnd =
  | { readonly kind: 'trained'; readonly step: number }
  | { readonly kind: 'stopped'; readonly step: number }
  | {
      readonly kind: 'not-finite'
      readonly step: number
      readonly what: string
      readonly value: number
      /** Where it came up; undefined where that is not known. */
      readonly origin: Origin | undefined
      /** The step of the checkpoint that holds the last good state. */
      readonly kept: number | null
    }
  /** The loss was above what the stage allows, for so many steps up to this one. */
  | {
      readonly kind: 'diverged'
      readonly step: number
      readonly loss: number
      readonly kept: number | null
    }

/** What is done beside training. */
export interface StageHooks {
  readonly begun: () => Promise<void>
  /** Begins to write a checkpoint of the state as it is now; null where it was left out. */
  readonly save: (step: number, beside: Beside, how: SaveSettings) => Promise<Saving | null>
  /** Makes the evaluations that are due after a step, whose checkpoint is written; whether the stage ends with it. */
  readonly measure: (step: number) => Promise<boolean>
}

interface SaveSettings {
  /** Something reads the checkpoint, so that it cannot be left out. */
  readonly wanted: boolean
  /** No step is taken before it stands. */
  readonly awaited: boolean
}

/** A checkpoint on its way to the disk. */
export interface Saving {
  readonly stands: Promise<void>
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
  const features = await featuresOf(run, context)
  const trainer = new StageTrainer(run, context, hooks, features)
  try {
    return await trainer.train(begun)
  } finally {
    await trainer.close()
    for (const one of features.flat()) await one.close()
    await thread.call('closeStage', [])
  }
}

/** What `cached` keeps, of each update. */
function featuresOf({ stage }: StageRun, context: TrainContext): Promise<readonly (readonly Features[])[]> {
  const { artefact, weights, settings, features: folders } = context
  const open = (spec: GraphSpec): Promise<Features> => {
    const model = artefact.files.get(spec.file)
    if (!model) throw new Error(`no file ${spec.file}`)
    return Features.open({ spec, model, bindings: weights.bindings(spec) }, settings, folders)
  }
  return Promise.all(stage.updates.map(({ features = [] }) => Promise.all(features.map(open))))
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
  private diverged: { readonly step: number; readonly loss: number } | undefined
  private streaks: Streaks
  /** Steps that this process has skipped. */
  private skipped = 0
  /** The last step taken, and the last one that a checkpoint holds or will. */
  private taken: number
  private saved: number
  /** Whether that checkpoint stands; an error waits in `error`. */
  private saving: Promise<void> = Promise.resolve()
  /** What the updates of the round at hand have given. */
  private readonly round: ExecutionOutcome[] = []
  private readonly shares: Record<string, Shares[string]>

  constructor(
    private readonly run: StageRun,
    private readonly context: TrainContext,
    private readonly hooks: Omit<StageHooks, 'begun'>,
    private readonly features: readonly (readonly Features[])[],
  ) {
    this.taken = run.from?.step ?? 0
    this.saved = this.taken
    this.shares = { ...run.from?.shares }
    this.streaks = run.from?.streaks ?? { above: 0, skipped: 0 }
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
      const asked = stage.save_every !== null && step % stage.save_every === 0
      const awaited = step === steps || measured
      if (awaited || asked) await this.checkpoint({ wanted: true, awaited })
      else if (this.context.clock.isDue) await this.checkpoint({ wanted: false, awaited })
      if (measured && (await this.ends(step))) return { kind: 'trained', step }
    }
    await this.standing()
    const kept = this.saved > 0 ? this.saved : null
    if (this.diverged) return { kind: 'diverged', ...this.diverged, kept }
    await this.checkpoint({ wanted: true, awaited: true })
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
    return this.failure !== undefined || this.diverged !== undefined || this.context.signal?.aborted === true
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
      features: this.features[execution.index] ?? [],
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
    await this.saving
    for (const order of this.orders.values()) await order.close()
  }

  /** Takes note of a round whose updates have all run. */
  private endRound(step: number): void {
    const done = this.round.splice(0)
    if (this.diverged || this.failure) return
    this.cursors.delete(this.taken)
    this.taken = step
    const { stage, steps } = this.run
    const skipped = this.watch(step, done)
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
      ...(skipped ? { skipped: true as const } : {}),
    }
    this.context.folder.metrics(line)
    this.context.emit({ kind: 'step', line, steps })
  }

  /** Counts steps in a row that go astray; whether the round was skipped in part. */
  private watch(step: number, done: readonly ExecutionOutcome[]): boolean {
    const { name, guard } = this.run.stage
    const problem = done.find(({ outcome }) => outcome.skipped)?.outcome.skipped
    const highest = Math.max(...done.map(({ outcome }) => outcome.loss))
    this.streaks = {
      skipped: problem ? this.streaks.skipped + 1 : 0,
      above: guard && highest > guard.above ? this.streaks.above + 1 : 0,
    }
    if (problem) {
      this.skipped++
      const { what, value } = problem
      if (isPowerOfTwo(this.skipped))
        this.context.emit({ kind: 'skipped', stage: name, step, what, value, count: this.skipped })
      if (this.streaks.skipped >= mostSkipped)
        this.failure = { kind: 'not-finite', step, what, value, origin: undefined }
    }
    if (guard && this.streaks.above >= guard.steps) this.diverged = { step, loss: highest }
    return problem !== null && problem !== undefined
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
  private async checkpoint(how: SaveSettings): Promise<void> {
    await this.standing()
    if (this.taken === this.saved || this.round.length > 0 || this.diverged) return
    if (this.failure && !(await this.context.thread.call('isFinite', []))) return
    const beside = {
      shares: { ...this.shares },
      cursors: this.cursors.get(this.taken) ?? {},
      streaks: this.streaks,
    }
    const saving = await this.hooks.save(this.taken, beside, how)
    if (!saving) return
    this.saved = this.taken
    this.saving = this.watched(saving.stands)
  }

  private track(request: Promise<void>): void {
    this.sent.push(this.watched(request))
  }

  private watched(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      this.error ??= error
    })
  }

  /** Waits until nothing is on its way, and the last checkpoint stands. */
  private async standing(): Promise<void> {
    await this.saving
    await this.settle(0)
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

/** Where so many steps in a row are skipped, none will be taken any more. */
const mostSkipped = 100

const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n))

const round = (ms: number): number => Math.round(ms * 1000) / 1000

/** Rows of data that one step takes, of the data of which it takes most; 0 where it reads none. */
export const rowsPerStep = (stage: StageSpec): number => Math.max(0, ...rowsOfRound(stage).values())
