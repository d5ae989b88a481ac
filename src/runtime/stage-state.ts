import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GraphSpec } from '../artefact/graphs.js'
import { link } from '../artefact/link.js'
import type { Manifest } from '../artefact/manifest.js'
import { type AdapterSpec, trainedBeside } from '../artefact/models.js'
import { stateKey } from '../artefact/roles.js'
import { statesOf, trainedOf } from '../artefact/stage-parts.js'
import type { StageSpec, UpdateSpec } from '../artefact/stages.js'
import { bytesPerElement, elementCount } from '../graph/types.js'
import { inside } from '../inside.js'
import { openSafetensors } from '../weights/safetensors.js'
import type { StoredTensor } from '../weights/table.js'
import { writePeftConfig } from './exports/peft.js'
import { peftFiles, peftName } from './exports/peft-names.js'
import { profileFolder } from './profile.js'
import { prologueFile } from './prologue.js'
import type { StagePlan, StateTensor } from './step-loop.js'
import type { StageRun, TrainContext } from './train-context.js'

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

/** What the worker needs to train a stage: its graphs, and where each of its state tensors starts. */
export async function planStage(
  { stage, from }: StageRun,
  { artefact, weights, folder, cache, settings, profiled }: TrainContext,
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
  const profile = profiled ? folder.path(profileFolder) : undefined
  if (profile !== undefined) mkdirSync(profile, { recursive: true })
  return { updates, state, settings: { ...settings, profile }, skips: stage.on_nonfinite === 'skip' }
}

/** Writes a file of a checkpoint. */
export type WriteTensors = (file: string, tensors: readonly StateTensor[]) => Promise<void>

/** Has the worker write what it holds; it is to take no step until all is written. */
export const inPlace =
  ({ thread }: TrainContext): WriteTensors =>
  (file, tensors) =>
    thread.call('writeState', [file, tensors])

/** Writes the files of a checkpoint: of each model that the stage changes, and of the optimizer. */
export async function writeState(
  directory: string,
  stage: StageSpec,
  context: TrainContext,
  write: WriteTensors,
): Promise<void> {
  const { artefact } = context
  for (const name of changedModels(stage)) {
    if (!artefact.manifest.adapters.some((a) => a.name === name)) continue
    const own = inside(directory, name)
    mkdirSync(own)
    writePeftConfig(artefact.manifest, name, own)
  }
  for (const [file, tensors] of stateFiles(stage, context)) await write(inside(directory, file), tensors)
}

/** The tensors of the state that a checkpoint holds, by key. */
export const statesIn = (
  stage: StageSpec,
  context: TrainContext,
): ReadonlyMap<string, Pick<StateTensor, 'dtype' | 'shape'>> =>
  new Map(
    [...stateFiles(stage, context).values()].flat().flatMap((t) => ('key' in t ? [[t.key, t] as const] : [])),
  )

/** The bytes that the tensors of a checkpoint take. */
export const stateBytes = (stage: StageSpec, context: TrainContext): number =>
  [...stateFiles(stage, context).values()]
    .flat()
    .reduce((sum, { dtype, shape }) => sum + elementCount(shape) * bytesPerElement[dtype], 0)

/** The files of a checkpoint, with what each holds. */
export function stateFiles(
  stage: StageSpec,
  context: TrainContext,
): ReadonlyMap<string, readonly StateTensor[]> {
  const { weights, artefact } = context
  const files = new Map<string, readonly StateTensor[]>()
  const keys = new Map([
    ...trainedOf(stage).map((t) => [`${t.model}/${t.path}`, parameterKey(t.model, t.path)] as const),
    ...statesOf(stage).map((s) => [`${s.model}/${s.path}`, carriedKey(s.model, s.path)] as const),
  ])
  for (const name of changedModels(stage)) {
    const parameters = artefact.manifest.models.find((m) => m.name === name)?.parameters ?? []
    const tensors = parameters.map(({ path, dtype, shape }): StateTensor => {
      const head = { name: path, dtype, shape }
      const key = keys.get(`${name}/${path}`)
      return key === undefined ? { ...head, content: weights.parameter(name, path) } : { ...head, key }
    })
    const adapter = artefact.manifest.adapters.find((a) => a.name === name)
    if (adapter) tensors.push(...besideOf(adapter, stage, context))
    files.set(checkpointFile(artefact.manifest, name), tensors)
  }
  const slots = stage.updates.flatMap((update) =>
    update.trained.flatMap(({ model, path, shape }) =>
      keptKeys(update, model, path).map((key): StateTensor => ({ name: key, dtype: 'f32', shape, key })),
    ),
  )
  return files.set('optimizer.safetensors', slots)
}

/** What an adapter trains of its model, as peft keeps it with it; the file of the model holds it too. */
function besideOf(
  adapter: AdapterSpec,
  stage: StageSpec,
  { artefact, weights }: TrainContext,
): readonly StateTensor[] {
  const { model } = adapter
  const beside = trainedBeside(adapter)
  const parameters = artefact.manifest.models.find((m) => m.name === model)?.parameters ?? []
  return parameters
    .filter(({ path }) => beside.has(path))
    .map(({ path, dtype, shape }) => {
      const head = { name: peftName(adapter, path), dtype, shape }
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
