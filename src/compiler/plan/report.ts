import type { InputRole } from '../../artefact/roles.js'
import { type ParameterValue, parametersOf } from '../../graph/parameters.js'
import { type GraphOutputRole, dataOf, roleOf } from '../../graph/roles.js'
import { type NarrowFloat, type TensorType, byteSize, elementCount } from '../../graph/types.js'
import type { Target } from '../../targets/target.js'
import type { Lowered, LoweredStage, ParameterGroup } from '../4-lower/lowered.js'
import type { BuiltStage } from '../build-stage.js'
import type { ModelSpec } from '../../artefact/models.js'
import { slotsOf } from '../6-differentiate/update.js'
import type { Cost } from '../8-schedule/cost.js'
import type { Memory } from '../8-schedule/memory.js'
import { type Scheduled, memoryOfStage } from '../8-schedule/schedule.js'

/** What a stage will train, compute, hold and write: the content of `dcrc plan`. */
export interface StagePlan {
  readonly stage: string
  readonly steps: number
  readonly accumulate: number
  /** Of `accumulate n exact`. */
  readonly exact: number | null
  /** What updates the trained parameters, defaults included. */
  readonly groups: readonly (Omit<ParameterGroup, 'span'> & { readonly parameters: number })[]
  readonly clipNorm: number | null
  readonly ema: number | null
  readonly saveEvery: number | null
  readonly models: readonly ModelPlan[]
  /** The type to which the weights of the trained models are rounded where the step reads them. */
  readonly precision: NarrowFloat | null
  /** The models, and adapters, of which it reads weights so. */
  readonly rounded: readonly string[]
  /** One optimizer step, micro-batches included. */
  readonly flops: number
  /** FLOPs of the prologue, which runs once. */
  readonly prologueFlops: number
  /** The last micro-batch and the update, by operator. */
  readonly cost: Cost
  /** Bytes that one optimizer step hands to and takes from onnxruntime. */
  readonly bus: { readonly in: number; readonly out: number }
  /** Of the largest graph that runs at a step. */
  readonly memory: Memory
  /** What `memory` allows. */
  readonly budget: number | null
  /** How pairs are computed, where `chunk` or `memory` asks for it. */
  readonly pairs: PairsPlan | null
  /** Of what the stage gives a next value at each step. */
  readonly stateBytes: number
  readonly checkpointBytes: number
  /** Names of the data that it reads. */
  readonly data: readonly string[]
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
    const { trained, states } = stage.scheduled.lowered
    for (const { model } of [...trained, ...states]) changed.add(model)
    return planStage(lowered.models, stage, changed, target)
  })
}

function planStage(
  models: readonly ModelSpec[],
  { scheduled, pairs }: BuiltStage,
  changed: ReadonlySet<string>,
  { cost: { crosses } }: Target,
): StagePlan {
  const { lowered, graphs } = scheduled
  const all = Object.values(graphs).flatMap((g) => g?.graph ?? [])
  const frozen = all.flatMap((graph) => [...parametersOf(graph)].map((p) => p.source))
  const micros = graphs.micro ? lowered.accumulate - 1 : 0
  const perStep: readonly (readonly [Scheduled, number])[] = [
    [graphs.step, 1],
    ...(graphs.micro ? [[graphs.micro, micros] as const] : []),
  ]
  const total = (of: (graph: Scheduled) => number): number =>
    perStep.reduce((sum, [graph, times]) => sum + times * of(graph), 0)
  const crossing = (tensors: readonly Tensor[]): number =>
    bytes(
      tensors.flatMap(({ role, type }) =>
        role && role.kind !== 'gradient' && role.kind !== 'next' && crosses(role) ? [type] : [],
      ),
    )
  const plans = models.map((model) => planModel(model, lowered, frozen))
  return {
    stage: lowered.name,
    steps: lowered.steps,
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
    saveEvery: lowered.saveEvery,
    models: plans,
    precision: lowered.precision,
    rounded: models.flatMap(({ name, as }) =>
      as === null && isRounded(name, lowered, frozen) ? [name] : [],
    ),
    flops: total((g) => g.cost.flops),
    prologueFlops: graphs.prologue?.cost.flops ?? 0,
    cost: graphs.step.cost,
    bus: {
      in: total(({ graph }) => crossing(graph.inputs.map((v) => ({ role: roleOf(v), type: v.type })))),
      out: total(({ graph }) =>
        crossing(graph.outputs.map(({ role, value }) => ({ role, type: value.type }))),
      ),
    },
    memory: memoryOfStage(scheduled),
    budget: lowered.memory?.bytes ?? null,
    pairs: pairs && {
      rows: pairs.rows,
      chunk: pairs.chunk,
      refused: pairs.refused,
      wholePeak: memoryOfStage(pairs.whole()).peak,
    },
    stateBytes: bytes(lowered.states),
    checkpointBytes: checkpointBytes(models, lowered, changed),
    data: [...new Set(all.flatMap((graph) => [...dataOf(graph)]))],
  }
}

/** Whether the stage's `precision` says how weights of a model are read, and not the model's own `as`. */
function isRounded(name: string, { precision, trained }: LoweredStage, read: readonly Parameter[]): boolean {
  if (precision === null) return false
  return trained.some((t) => t.model === name) || read.some((p) => p.model === name && p.as !== undefined)
}

function planModel(
  { name, from, as, parameters }: ModelSpec,
  stage: LoweredStage,
  read: readonly Parameter[],
): ModelPlan {
  const trained = new Set(stage.trained.filter((t) => t.model === name).map((t) => t.path))
  const states = new Set(stage.states.filter((s) => s.model === name).map((s) => s.path))
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
  const state = stage.trained.reduce((sum, t) => sum + byteSize({ dtype: 'f32', shape: t.shape }), 0)
  return weights + state * (slotsOf(stage).length + (stage.ema === null ? 0 : 1))
}

type Parameter = ParameterValue['source']

/** An input or output of a graph. */
interface Tensor {
  readonly role: InputRole | GraphOutputRole | undefined
  readonly type: TensorType
}

const bytes = (tensors: readonly TensorType[]): number => tensors.reduce((sum, t) => sum + byteSize(t), 0)
