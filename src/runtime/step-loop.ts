import type { GraphSpec } from '../artefact/graphs.js'
import type { UpdateSpec } from '../artefact/stages.js'
import { type Binding, linkInputs } from '../artefact/link.js'
import { stateKey } from '../artefact/roles.js'
import { type WrittenTensor, readTensor, writeSafetensors } from '../weights/safetensors.js'
import type { StoredTensor } from '../weights/table.js'
import { type NonFiniteInput, type NonFiniteOrigin, firstNonFinite } from './first-non-finite.js'
import type { MonitorValue } from './metrics-line.js'
import { isMemoryFault } from '../faults/memory-fault.js'
import { GraphFault } from '../faults/graph-fault.js'
import { prologueResults } from './prologue.js'
import type { Executor, HeldGraph, HeldState, Input, Results } from './executors/executor.js'
import { executorOf } from './executors/load.js'
import type { SessionSettings } from './session.js'
import type { DType } from '../graph/types.js'
import { type HostTensor, type HostTensors, hostArray, toFloat32, zeros } from './tensors.js'
import { emptyTable } from '../json/table.js'

/** A stage ready to start: its linked graphs, and where each state tensor comes from (null: zeros). */
export interface StagePlan {
  readonly updates: readonly UpdatePlan[]
  readonly state: readonly {
    readonly key: string
    readonly dtype: DType
    readonly shape: readonly number[]
    readonly stored: StoredTensor | null
  }[]
  readonly settings: SessionSettings
  /** A step that is not finite leaves the state as it was, and training goes on. */
  readonly skips: boolean
}

export interface UpdatePlan {
  readonly spec: UpdateSpec
  readonly graphs: Readonly<Record<keyof UpdateSpec['graphs'], Uint8Array | null>>
  /** The file that holds the results of the prologue, or will; null where there is none. */
  readonly prologueFile: string | null
}

/** What one optimizer step gave, or why it was not taken. */
export type StepOutcome =
  | {
      readonly kind: 'done'
      /** Mean over the micro-batches. */
      readonly loss: number
      readonly gradNorm: number | null
      readonly monitors: Readonly<Record<string, MonitorValue>>
      readonly stepMs: number
      /** How long the loop stood still for this step's batches. */
      readonly waitMs: number
      /** It was not finite: the state is as it was. */
      readonly skipped: NotFinite | null
    }
  | ({ readonly kind: 'not-finite'; readonly origin: Origin | undefined } & NotFinite)
  /** An earlier step was not finite. */
  | { readonly kind: 'halted' }

export type Origin = NonFiniteOrigin | NonFiniteInput

/** What of a step was not finite. */
export interface NotFinite {
  readonly what: 'loss' | 'gradient norm' | 'next state'
  readonly value: number
}

/** One stage's training: steps the state that an executor holds. A step that is not finite leaves it as it was. */
export class StepLoop {
  /** Where results of prologues lie, by key. */
  private readonly prologues = new Map<UpdatePlan, ReadonlyMap<string, Binding>>()
  private readonly state: HeldState
  private readonly loaded = new Map<GraphSpec, HeldGraph>()
  /** Where a micro-batch of the step at hand was first not finite. */
  private origin: Origin | undefined
  private microLosses: number[] = []
  private microMs = 0
  private waitMs = 0
  private idleSince = performance.now()
  private halted = false

  private constructor(
    private readonly plan: StagePlan,
    executor: Executor,
  ) {
    this.state = executor.hold()
  }

  static async open(plan: StagePlan): Promise<StepLoop> {
    const loop = new StepLoop(plan, await executorOf(plan.settings))
    for (const { key, dtype, shape, stored } of plan.state) {
      const values = stored && hostArray(dtype, await readTensor(stored))
      loop.state.set(key, { dtype, shape }, values)
    }
    for (const update of plan.updates) await loop.openUpdate(update)
    loop.beginWaiting()
    return loop
  }

  private async openUpdate(update: UpdatePlan): Promise<void> {
    const { step, prologue } = update.spec.graphs
    const { prologueFile: file, graphs } = update
    if (prologue && graphs.prologue && file !== null) {
      const given = { spec: prologue, model: graphs.prologue, file }
      this.prologues.set(update, await prologueResults(given, this.plan.settings))
    }
    await this.graph(update, step)
  }

  /** Adds a micro-batch's gradient to the accumulators, and takes its states for those of the next one. */
  async micro(index: number, feeds: HostTensors): Promise<void> {
    const update = this.update(index)
    const { micro } = update.spec.graphs
    if (!micro) throw new Error('an update that accumulates nothing')
    if (this.halted) return
    const started = this.startWork()
    for (const [{ role }, tensor] of await this.run(update, micro, feeds))
      if (role.kind === 'loss') this.microLosses.push(scalar(tensor))
    if (!Number.isFinite(this.microLosses.at(-1))) this.origin ??= await this.explain(update, micro, feeds)
    this.state.advance()
    this.idleSince = performance.now()
    this.microMs += this.idleSince - started
  }

  /** Runs the step graph, with monitors if wanted, and takes over the new state if all is finite. */
  async step(index: number, feeds: HostTensors, monitored: boolean): Promise<StepOutcome> {
    if (this.halted) return { kind: 'halted' }
    const update = this.update(index)
    const { step, monitored: withMonitors } = update.spec.graphs
    const started = this.startWork()
    const monitors = emptyTable<MonitorValue>()
    const losses = this.microLosses
    let gradNorm: number | null = null
    for (const [{ role }, tensor] of await this.run(update, (monitored && withMonitors) || step, feeds)) {
      if (role.kind === 'loss') losses.push(scalar(tensor))
      if (role.kind === 'grad_norm') gradNorm = scalar(tensor)
      if (role.kind === 'monitor') monitors[role.name] = monitorValue(tensor)
    }
    const loss = losses.reduce((sum, l) => sum + l, 0) / losses.length
    this.idleSince = performance.now()
    const stepMs = this.microMs + this.idleSince - started
    const { waitMs } = this
    const problem = this.problemOf(loss, gradNorm)
    const origin = problem && (this.origin ?? (await this.explain(update, step, feeds)))
    this.origin = undefined
    this.microLosses = []
    this.microMs = 0
    this.waitMs = 0

    if (problem) {
      this.state.drop()
      if (!this.plan.skips) return this.halt(problem, origin)
      return { kind: 'done', loss, gradNorm, monitors: {}, stepMs, waitMs, skipped: problem }
    }
    this.state.commit()
    return { kind: 'done', loss, gradNorm, monitors, stepMs, waitMs, skipped: null }
  }

  /** Whether every state value is finite. */
  isFinite(): boolean {
    for (const tensor of this.state.values()) if (!toFloat32(tensor).every(Number.isFinite)) return false
    return true
  }

  /** Writes the state tensors of the keys, under their names, with other tensors copied from files. */
  async write(file: string, tensors: readonly StateTensor[]): Promise<void> {
    await writeSafetensors(
      file,
      tensors.map((t) => ({ ...t, content: 'key' in t ? async () => this.values(t.key) : t.content })),
      { format: 'pt' },
    )
  }

  /** Copies state tensors to memory that another thread writes them from. */
  copy(copies: readonly StateCopy[]): void {
    for (const { key, into } of copies) this.state.copy(key, into)
  }

  /** Says that the time since the last step went into something else than waiting for a batch. */
  beginWaiting(): void {
    this.idleSince = performance.now()
  }

  async close(): Promise<void> {
    this.loaded.clear()
    await this.state.close()
  }

  private startWork(): number {
    const now = performance.now()
    this.waitMs += now - this.idleSince
    return now
  }

  private update(index: number): UpdatePlan {
    const update = this.plan.updates[index]
    if (!update) throw new Error(`the stage has no update ${index}`)
    return update
  }

  private values(key: string): ArrayBufferView {
    const tensor = this.state.read(key)
    if (!tensor) throw new Error(`no state ${key}`)
    return tensor.data
  }

  /** What of a step is not finite. What goes on without it needs a whole state also where no norm tells of one. */
  private problemOf(loss: number, gradNorm: number | null): NotFinite | undefined {
    if (!Number.isFinite(loss)) return { what: 'loss', value: loss }
    if (gradNorm !== null)
      return Number.isFinite(gradNorm) ? undefined : { what: 'gradient norm', value: gradNorm }
    if (!this.plan.skips) return undefined
    for (const tensor of this.state.given()) {
      const value = toFloat32(tensor).find((v) => !Number.isFinite(v))
      if (value !== undefined) return { what: 'next state', value }
    }
    return undefined
  }

  private halt(problem: NotFinite, origin: Origin | undefined): StepOutcome {
    this.halted = true
    return { kind: 'not-finite', ...problem, origin }
  }

  /** Where a run of a graph was first not finite; undefined where nothing is known, and where such steps are skipped. */
  private async explain(
    update: UpdatePlan,
    spec: GraphSpec,
    feeds: HostTensors,
  ): Promise<Origin | undefined> {
    if (this.plan.skips) return undefined
    try {
      const model = this.modelOf(update, spec)
      return await firstNonFinite(spec, model, this.plan.settings, (input) =>
        this.feed(update, spec, feeds, input),
      )
    } catch (error) {
      // That the cause is not found must not hide what happened: a session of a changed graph may take too much memory.
      if (error instanceof GraphFault || isMemoryFault(error)) return undefined
      throw error
    }
  }

  private async run(update: UpdatePlan, spec: GraphSpec, feeds: HostTensors): Promise<Results> {
    const graph = await this.graph(update, spec)
    return graph.run((input) => this.feed(update, spec, feeds, input))
  }

  private feed(
    update: UpdatePlan,
    spec: GraphSpec,
    feeds: HostTensors,
    { name, dtype, shape, role }: Input,
  ): HostTensor | null {
    if (role.kind === 'prologue') return null
    const tensor =
      role.kind === 'state'
        ? (this.state.read(stateKey(update.spec.name, role.state)) ?? zeros(dtype, shape))
        : feeds[name]
    if (!tensor) throw new Error(`${spec.file}: nothing to feed into ${name}`)
    return tensor
  }

  /** Sessions are made at first use: a stage may end before its first monitored step. */
  private async graph(update: UpdatePlan, spec: GraphSpec): Promise<HeldGraph> {
    const known = this.loaded.get(spec)
    if (known) return known
    const model = this.modelOf(update, spec)
    const graph = await this.state.load(spec, model, this.plan.settings, (state) =>
      stateKey(update.spec.name, state),
    )
    this.loaded.set(spec, graph)
    return graph
  }

  /** The bytes of a graph of an update, linked with the results of its prologue. */
  private modelOf(update: UpdatePlan, spec: GraphSpec): Uint8Array {
    const { graphs } = update.spec
    const name = (['step', 'monitored', 'micro'] as const).find((n) => graphs[n] === spec)
    const model = name && update.graphs[name]
    if (!model) throw new Error(`${spec.file} is not part of the update`)
    const places = spec.inputs.flatMap(({ name, role }): [string, Binding][] => {
      if (role.kind !== 'prologue') return []
      const place = this.prologues.get(update)?.get(role.key)
      if (!place) throw new Error(`${spec.file}: the prologue does not give ${role.key}`)
      return [[name, place]]
    })
    return linkInputs(model, new Map(places))
  }
}

/** A tensor of a file to write: a state tensor, or a copy of a stored one. */
export type StateTensor =
  | (Omit<WrittenTensor, 'content'> & { readonly key: string })
  | (Omit<WrittenTensor, 'content'> & { readonly content: StoredTensor })

/** Where a state tensor is copied to. */
export interface StateCopy {
  readonly key: string
  readonly into: Uint8Array
}

const scalar = (tensor: HostTensor): number => {
  const [value = NaN] = toFloat32(tensor)
  return value
}

function monitorValue(tensor: HostTensor): MonitorValue {
  const values = [...toFloat32(tensor)]
  const [first = NaN] = values
  return values.length === 1 ? first : values
}
