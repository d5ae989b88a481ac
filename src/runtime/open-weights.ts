import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelSpec } from '../artefact/models.js'
import { rawBytes } from '../compiler/9-emit/raw.js'
import {
  corruptWeights,
  idleIgnore,
  idleStrip,
  mismatchedWeights,
  missingWeights,
  tooLargeWeight,
} from '../diagnostics/catalogue/run-weights.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { weightsFaults } from '../faults/fault.js'
import { tensor } from '../graph/types.js'
import { inside } from '../inside.js'
import { OnnxProblem } from '../onnx/problem.js'
import { weightCache } from '../cache.js'
import { type Conversion, TooLarge } from '../weights/conversions.js'
import { findWeights } from '../weights/find.js'
import { roundInPlace } from '../weights/floats.js'
import { keyed } from '../weights/keyed.js'
import { type Match, matchWeights } from '../weights/match.js'
import { openWeights } from '../weights/open.js'
import { openSafetensors, writeSafetensors } from '../weights/safetensors.js'
import { type SourceTensor, type StoredTensor, type WeightTable, stripped } from '../weights/table.js'
import { WeightsError } from '../weights/weights-error.js'
import { initialValues } from './initialize.js'

export interface WeightOptions {
  readonly root: string
  /** The run's folder, for initial values. */
  readonly directory: string
  readonly seed: number
  /** Where a model is declared. */
  readonly spanOf: (model: string) => Span
  /** Called before weights are converted. */
  readonly onConvert?: (conversion: Conversion) => void
  readonly onWarning?: (warning: Diagnostic) => void
}

/** The tensors of a model's parameters, by path. */
export type Sources = ReadonlyMap<string, SourceTensor>

/** Initial values, which are written where they are not there yet. */
export async function openInitial(
  model: ModelSpec,
  { directory, seed, spanOf }: WeightOptions,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const span = spanOf(model.name)
  const file = inside(join(directory, 'initial'), `${model.name}.safetensors`)
  if (!existsSync(file)) await fitting(model, span, () => writeInitial(model, file, seed))
  return openOwn(model, file, span)
}

/** A file that a run wrote: initial values, or a checkpoint. */
export function openOwn(
  model: ModelSpec,
  file: string,
  span: Span,
): Promise<ReadonlyMap<string, StoredTensor>> {
  return told(span, file, async () => {
    const opened = await openSafetensors(file)
    checked(model, opened, [], span)
    return opened.tensors
  })
}

/** The weights that `from` names, in whatever form they are kept. */
export function openGiven(model: ModelSpec, { root, spanOf, onWarning }: WeightOptions): Promise<Sources> {
  const { name, from, strip, keys, ignore } = model
  const span = spanOf(name)
  if (from === null) throw new Error(`model ${name} comes from no file`)
  return told(span, from, async () => {
    const place = findWeights(from, root)
    if (place.kind === 'missing') throw new UserError(missingWeights(span, { model: name, ...place }))
    const whole = await openWeights(place, weightCache(root))
    const bare = strip === undefined ? whole : stripped(whole, strip)
    if (!bare) throw new UserError(idleStrip(span, { model: name, file: place.file, prefix: strip ?? '' }))
    const paths = model.parameters.map(({ path }) => path)
    const table = keys === undefined ? bare : keyed(bare, paths, keys)
    const { found, idle } = checked(model, table, ignore, span)
    if (idle.length > 0) onWarning?.(idleIgnore(span, { model: name, file: place.file, patterns: idle }))
    return found
  })
}

async function writeInitial(model: ModelSpec, file: string, seed: number): Promise<void> {
  await writeSafetensors(
    file,
    model.parameters.map(({ path, dtype, shape, init }) => ({
      name: path,
      dtype,
      shape,
      // Made when their turn comes: a model may be larger than the memory.
      content: async () => {
        const values = initialValues(init, shape, { seed, model: model.name, path })
        if (dtype !== 'f32') return rawBytes(tensor(dtype, shape, values))
        const at = model.as === null ? -1 : roundInPlace(values, model.as)
        if (model.as !== null && at >= 0) throw new TooLarge(path, values[at] ?? NaN, model.as)
        return values
      },
    })),
    { format: 'pt' },
  )
}

/** Runs what opens files; what is wrong with them becomes a diagnostic. */
async function told<T>(span: Span, file: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof OnnxProblem)
      throw new UserError(corruptWeights(span, { file, problem: error.message }))
    throw error instanceof WeightsError ? new UserError(weightsFaults[error.fault](span, error)) : error
  }
}

/** The model's parameters among the tensors of its weights, which must be the same but for what is ignored. */
function checked(model: ModelSpec, table: WeightTable, ignore: readonly string[], span: Span): Match {
  const match = matchWeights(table, model.parameters, ignore)
  const { missing, unused, different } = match
  if (missing.length + unused.length + different.length > 0) {
    const { file } = table
    const prefix = prefixOf(missing, unused)
    throw new UserError(
      mismatchedWeights(span, { model: model.name, file, prefix, missing, unused, different }),
    )
  }
  return match
}

/** What one would take off the names that a model has no use for to get those that it misses. */
function prefixOf(missing: readonly string[], unused: readonly string[]): string | undefined {
  const [first] = missing
  if (first === undefined) return undefined
  const prefixes = unused.flatMap((name) =>
    name.endsWith(`.${first}`) ? [name.slice(0, -first.length)] : [],
  )
  const names = new Set(unused)
  return prefixes.find((prefix) => missing.every((path) => names.has(prefix + path)))
}

/** A weight that does not fit the type that it is rounded to is the user's mistake. */
export async function fitting<T>({ name }: ModelSpec, span: Span, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error
    const { tensor: path, value, as } = error
    throw new UserError(tooLargeWeight(span, { model: name, path, value, as }))
  }
}
