import type { InputRole } from '../../artefact/roles.js'
import type { Graph } from '../../graph/graph.js'
import { type ParameterValue, parametersOf } from '../../graph/parameters.js'
import { visitNodes } from '../../graph/rewrite.js'
import { type GraphOutputRole, dataOf, roleOf } from '../../graph/roles.js'
import { type NarrowFloat, type TensorType, byteSize, elementCount } from '../../graph/types.js'
import type { Target } from '../../targets/target.js'
import type { Lowered, LoweredStage, ParameterGroup } from '../4-lower/lowered.js'
import type { BuiltStage, BuiltUpdate } from '../build-stage.js'
import type { ModelSpec } from '../../artefact/models.js'
import { slotsOf } from '../6-differentiate/update.js'
import { missingInF32 } from '../passes/compute-in-f32.js'
import { type Arithmetic, arithmeticOf } from './arithmetic.js'
import type { Cost } from '../8-schedule/cost.js'
import type { Memory } from '../8-schedule/memory.js'
import { type Scheduled, type ScheduledUpdate, memoryOfUpdate } from '../8-schedule/schedule.js'

/** What a stage will train, compute, hold and write: the content of `dcrc plan`. */
export interface StagePlan {
  readonly stage: string
  readonly steps: number
  /** What a step runs in turn; one without a name where the stage declares none. */
  readonly updates: readonly UpdatePlan[]
  readonly saveEvery: number | null
  readonly models: readonly ModelPlan[]
  /** The type to which the weights of the trained models are rounded where the step reads them. */
  readonly precision: NarrowFloat | null
  /** The models, and adapters, of which it reads weights so. */
  readonly rounded: readonly string[]
  /** What is computed in f32 for want of a kernel: `MatMul in bf16`. */
  readonly inF32: readonly string[]
  /** The types in which its steps compute, where some of it is narrow on this target. */
  readonly arithmetic: Arithmetic | null
  /** One step: all executions of its updates, micro-batches included. */
  readonly flops: number
  /** FLOPs of prologues, which run once. */
  readonly prologueFlops: number
  /** FLOPs that `cached` takes off the steps once all rows are kept: those of a batch. */
  readonly cachedFlops: number
  /** Of the largest graph that runs at a step. */
  readonly memory: Memory
  /** What `memory` allows. */
  readonly budget: number | null
  /** Of what the stage gives a next value at each step. */
  readonly stateBytes: number
  readonly checkpointBytes: number
  /** Names of the data that it reads. */
  readonly data: readonly string[]
}

export interface UpdatePlan {
  readonly update: string | null
  /** How many times a step executes it. */
  readonly times: number
  readonly accumulate: number
  /** Of `accumulate n exact`. */
  readonly exact: number | null
  /** What updates the trained parameters, defaults included. */
  readonly groups: readonly (Omit<ParameterGroup, 'span'> & { readonly parameters: number })[]
  readonly clipNorm: number | null
  readonly ema: number | null
  /** One execution, micro-batches included. */
  readonly flops: number
  /** The last micro-batch and the update, by operator. */
  readonly cost: Cost
  /** Bytes that one execution hands to and takes from onnxruntime. */
  readonly bus: { readonly in: number; readonly out: number }
  /** How pairs are computed, where `chunk` or `memory` asks for it. */
  readonly pairs: PairsPlan | null
  /** What it costs and brings that results are computed again, where `memory` asks for it. */
  readonly again: { readonly flops: number; readonly peakOnce: number } | null
}

export interface PairsPlan {
  readonly rows: number
  /** How many rows at a time; null: all. */
  readonly chunk: number | null
  /** Why the pairs cannot be computed in chunks. */
  readonly refused: string | null
  /** Predicted peak with all pairs at once. */
  readonly wholePeak: number
}

export interface ModelPlan {
  readonly model: string
  readonly from: string | null
  /** The type to which its weights are rounded, once. */
  readonly as: NarrowFloat | null
  readonly parameters: readonly ParameterPlan[]
  /** Elements of the parameters, by role. */
  readonly trained: number
  /** Of what the stage gives a next value at each step. */
  readonly state: number
  readonly frozen: number
  readonly unused: number
}

export interface ParameterPlan {
  readonly path: string
  readonly elements: number
  /** `unused`: no graph of the stage reads it. */
  readonly role: 'trained' | 'state' | 'frozen' | 'unused'
}

/** The plan of every stage, in order; models that no stage graph reads are listed as unused. */
export function planStages(
  lowered: Lowered,
  stages: readonly BuiltStage[],
  target: Target,
): readonly StagePlan[] {
  const changed = new Set<string>()
  return stages.map((stage) => {
    for (const { trained, states } of stage.lowered.updates)
      for (const { model } of [...trained, ...states]) changed.add(model)
    return planStage(lowered.models, stage, changed, target)
  })
}

function planStage(
  models: readonly ModelSpec[],
  { lowered, updates: built }: BuiltStage,
  changed: ReadonlySet<string>,
  target: Target,
): StagePlan {
  const all = built.flatMap(({ scheduled: { graphs, features } }) =>
    [...Object.values(graphs), ...features].flatMap((g) => g?.graph ?? []),
  )
  const kept = built.flatMap(({ scheduled }) => scheduled.features)
  const frozen = all.flatMap((graph) => [...parametersOf(graph)].map((p) => p.source))
  const updates = built.map((update) => planUpdate(update, target))
  const [{ precision, memory } = { precision: null, memory: null }] = lowered.updates
  const states = new Map(
    lowered.updates.flatMap((u) => u.states.map((state) => [`${state.model}/${state.path}`, state])),
  )
  return {
    stage: lowered.name,
    steps: lowered.steps,
    updates,
    saveEvery: lowered.saveEvery,
    models: models.map((model) => planModel(model, lowered, frozen)),
    precision,
    rounded: models.flatMap(({ name, as }) =>
      as === null && precision !== null && isRounded(name, lowered, frozen) ? [name] : [],
    ),
    inF32: computedInF32(lowered, target),
    arithmetic: target.precision.arithmetic.length > 0 ? arithmeticOf(built.map(stepOf), target) : null,
    flops: updates.reduce((sum, u) => sum + u.times * u.flops, 0),
    prologueFlops: built.reduce((sum, u) => sum + (u.scheduled.graphs.prologue?.cost.flops ?? 0), 0),
    cachedFlops: kept.reduce((sum, { cost }) => sum + cost.flops, 0),
    memory: memoryOfStage(built),
    budget: memory?.bytes ?? null,
    stateBytes: bytes([...states.values()]),
    checkpointBytes: checkpointBytes(models, lowered, changed),
    data: [...new Set(all.flatMap((graph) => [...dataOf(graph)]))],
  }
}

const stepOf = ({ scheduled }: BuiltUpdate): Graph => scheduled.graphs.step.graph

/** The memory of the largest graph that a stage runs at a step. */
const memoryOfStage = (updates: readonly BuiltUpdate[]): Memory =>
  updates.map(({ scheduled }) => memoryOfUpdate(scheduled)).reduce((a, b) => (b.peak > a.peak ? b : a))

function planUpdate(
  { scheduled: { lowered, graphs }, pairs, once }: BuiltUpdate,
  { cost: { crosses } }: Target,
): UpdatePlan {
  const micros = graphs.micro ? lowered.accumulate - 1 : 0
  const totalOf = ({ step, micro }: ScheduledUpdate['graphs'], of: (graph: Scheduled) => number): number =>
    of(step) + (micro ? micros * of(micro) : 0)
  const total = (of: (graph: Scheduled) => number): number => totalOf(graphs, of)
  const flops = total((g) => g.cost.flops)
  const crossing = (tensors: readonly Tensor[]): number =>
    bytes(
      tensors.flatMap(({ role, type }) =>
        role && role.kind !== 'gradient' && role.kind !== 'next' && crosses(role) ? [type] : [],
      ),
    )
  return {
    update: lowered.name,
    times: lowered.times,
    accumulate: lowered.accumulate,
    exact: lowered.exact?.count ?? null,
    groups: lowered.groups.map(({ optimizer, settings, schedule, scheduleSettings }, k) => ({
      optimizer,
      settings,
      schedule,
      scheduleSettings,
      parameters: lowered.trained
        .filter((t) => t.group === k)
        .reduce((sum, { shape }) => sum + elementCount(shape), 0),
    })),
    clipNorm: lowered.clipNorm,
    ema: lowered.ema,
    flops,
    cost: graphs.step.cost,
    bus: {
      in: total(({ graph }) => crossing(graph.inputs.map((v) => ({ role: roleOf(v), type: v.type })))),
      out: total(({ graph }) =>
        crossing(graph.outputs.map(({ role, value }) => ({ role, type: value.type }))),
      ),
    },
    pairs: pairs && {
      rows: pairs.rows,
      chunk: pairs.chunk,
      refused: pairs.refused,
      wholePeak: memoryOfUpdate(pairs.whole()).peak,
    },
    again: once && {
      flops: flops - totalOf(once.graphs, (g) => g.cost.flops),
      peakOnce: memoryOfUpdate(once).peak,
    },
  }
}

/** What the graphs of a stage compute in f32 for want of a kernel. */
function computedInF32({ updates }: LoweredStage, { kernels }: Target): readonly string[] {
  const found = new Set<string>()
  for (const { graph } of updates)
    visitNodes(graph, (node) => {
      const type = missingInF32(node, kernels)
      if (type) found.add(`${node.op} in ${type}`)
    })
  return [...found]
}

/** Whether the stage's `precision` says how weights of a model are read, and not the model's own `as`. */
function isRounded(name: string, { updates }: LoweredStage, read: readonly Parameter[]): boolean {
  const isTrained = updates.some(({ trained }) => trained.some((t) => t.model === name))
  return isTrained || read.some((p) => p.model === name && p.as !== undefined)
}

function planModel(
  { name, from, as, parameters }: ModelSpec,
  { updates }: LoweredStage,
  read: readonly Parameter[],
): ModelPlan {
  const pathsOf = (places: readonly { readonly model: string; readonly path: string }[]): Set<string> =>
    new Set(places.flatMap(({ model, path }) => (model === name ? [path] : [])))
  const trained = pathsOf(updates.flatMap((u) => u.trained))
  const states = pathsOf(updates.flatMap((u) => u.states))
  const frozen = new Set(read.filter((p) => p.model === name).map((p) => p.path))
  const plans = parameters.map(({ path, shape }): ParameterPlan => {
    const role = trained.has(path)
      ? 'trained'
      : states.has(path)
        ? 'state'
        : frozen.has(path)
          ? 'frozen'
          : 'unused'
    return { path, elements: elementCount(shape), role }
  })
  const count = (role: ParameterPlan['role']): number =>
    plans.reduce((sum, p) => sum + (p.role === role ? p.elements : 0), 0)
  return {
    model: name,
    from,
    as,
    parameters: plans,
    trained: count('trained'),
    state: count('state'),
    frozen: count('frozen'),
    unused: count('unused'),
  }
}

/** Models that this stage or an earlier one changed, and the optimizer's state. */
function checkpointBytes(
  models: readonly ModelSpec[],
  stage: LoweredStage,
  changed: ReadonlySet<string>,
): number {
  const weights = models.filter((m) => changed.has(m.name)).reduce((sum, m) => sum + bytes(m.parameters), 0)
  const state = stage.updates.map((update) => {
    const trained = update.trained.reduce((sum, t) => sum + byteSize({ dtype: 'f32', shape: t.shape }), 0)
    return trained * (slotsOf(update).length + (update.ema === null ? 0 : 1))
  })
  return weights + state.reduce((a, b) => a + b, 0)
}

type Parameter = ParameterValue['source']

/** An input or output of a graph. */
interface Tensor {
  readonly role: InputRole | GraphOutputRole | undefined
  readonly type: TensorType
}

const bytes = (tensors: readonly TensorType[]): number => tensors.reduce((sum, t) => sum + byteSize(t), 0)
