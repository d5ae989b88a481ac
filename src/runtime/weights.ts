import { existsSync, statSync } from 'node:fs'
import { join, parse, relative, resolve, sep } from 'node:path'
import type { GraphSpec, Manifest, ModelSpec, StageSpec } from '../compiler/7-emit/manifest.js'
import { rawBytes } from '../compiler/7-emit/raw.js'
import type { Binding } from '../compiler/8-link/link.js'
import {
  changedWeights,
  corruptWeights,
  mismatchedWeights,
  missingWeights,
  tooLargeWeight,
} from '../diagnostics/catalogue/run.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { type NarrowFloat, formatType, narrowFloats, sameShape, tensor } from '../graph/types.js'
import { OnnxProblem } from '../onnx/index.js'
import { initialValues } from './initialize.js'
import { openOnnxWeights } from './onnx-weights.js'
import {
  SafetensorsError,
  type StoredTensor,
  openSafetensors,
  readTensor,
  writeSafetensors,
} from './safetensors.js'
import { type Conversion, Conversions, TooLarge, holdsWeights } from '../weights/conversions.js'
import { roundInPlace } from '../weights/floats.js'

/** The root to which the locations of linked weights are relative. */
export const fileSystemRoot = parse(resolve('.')).root

export interface WeightOptions {
  readonly root: string
  /** The run's folder, for initial values. */
  readonly directory: string
  readonly seed: number
  readonly span: Span
  /** Called before weights are converted. */
  readonly onConvert?: (conversion: Conversion) => void
}

/** A file, and where its tensors lie, in it or elsewhere. */
export interface WeightFile {
  readonly file: string
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

/** Where the current values of every model's parameters lie. */
export class Weights {
  private readonly files = new Map<string, WeightFile>()
  /** Bytes of the files in which a model's parameters lie. */
  private readonly sizes = new Map<string, ReadonlyMap<string, number>>()
  /** What stages with `precision` read of models: places by path, by model and type. */
  private readonly rounded = new Map<string, ReadonlyMap<string, StoredTensor>>()
  /** The averages of parameters, by `<model>/<path>`, where the last stage that trained them kept averages. */
  private readonly averages = new Map<string, StoredTensor>()

  private constructor(
    private readonly manifest: Manifest,
    private readonly span: Span,
    private readonly conversions: Conversions,
  ) {}

  /**
   * Finds or makes the weights that the first stage starts from: `from` files, checked against the model, or initial
   * values written to `initial/<model>.safetensors` of the run. Gives the problems of all models together, after those
   * already known.
   */
  static async open(
    manifest: Manifest,
    options: WeightOptions,
    known: readonly Diagnostic[] = [],
  ): Promise<{ readonly weights: Weights; readonly problems: readonly Diagnostic[] }> {
    const { root, directory, onConvert } = options
    const folders = { cache: join(root, '.dcrc', 'cache', 'weights'), run: directory }
    const weights = new Weights(manifest, options.span, new Conversions(folders, onConvert))
    const problems = [...known]
    const attempt = async (run: () => Promise<void>): Promise<void> => {
      try {
        await run()
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        problems.push(error.diagnostic)
      }
    }
    const given = manifest.models.filter(({ from }) => from !== null)
    const initial = manifest.models.filter(({ from }) => from === null)
    const open = async (model: ModelSpec): Promise<void> =>
      weights.place(model.name, await openModel(model, options))
    for (const model of given) await attempt(() => open(model))
    // What takes long or is written comes last, so that a run whose files do not fit leaves nothing behind.
    for (const model of given) if (problems.length === 0) await attempt(() => weights.convert(model))
    for (const model of initial) if (problems.length === 0) await attempt(() => open(model))
    return { weights, problems }
  }

  private place(model: string, opened: WeightFile): void {
    this.files.set(model, opened)
    const files = new Set([...opened.tensors.values()].map(({ file }) => file))
    this.sizes.set(model, new Map([...files].map((file) => [file, statSync(file).size])))
  }

  /** Takes f32 values for parameters that lie in another type, and rounded ones where `as` says so. */
  private async convert(model: ModelSpec): Promise<void> {
    const { as } = model
    const opened = this.files.get(model.name)
    if (!opened) throw new Error(`no weights of model ${model.name}`)
    const wanted = this.floats(model).filter(({ dtype }) => as !== null || dtype !== 'f32')
    if (wanted.length === 0) return
    const places = await this.converted(model, wanted, as)
    this.place(model.name, { ...opened, tensors: new Map([...opened.tensors, ...places]) })
  }

  /** Rounds what a stage with `precision` reads of the models that it trains. */
  async prepare({ graphs }: StageSpec): Promise<void> {
    const read = Object.values(graphs).flatMap((spec) => spec?.parameters ?? [])
    for (const { model: name, as } of read) {
      const model = this.spec(name)
      if (as === null || model.as !== null || this.rounded.has(roundedKey(name, as))) continue
      this.rounded.set(roundedKey(name, as), await this.converted(model, this.floats(model), as))
    }
  }

  /** The places of a model's f32 parameters. */
  private floats({ name, parameters }: ModelSpec): readonly StoredTensor[] {
    return parameters.flatMap(({ path, dtype }) => (dtype === 'f32' ? [this.parameter(name, path)] : []))
  }

  private converted(
    model: ModelSpec,
    tensors: readonly StoredTensor[],
    as: NarrowFloat | null,
  ): Promise<ReadonlyMap<string, StoredTensor>> {
    return fitting(model, this.span, () => this.conversions.convert(tensors, as))
  }

  private spec(name: string): ModelSpec {
    const spec = this.manifest.models.find((m) => m.name === name)
    if (!spec) throw new Error(`no model ${name}`)
    return spec
  }

  /** From now on the model's parameters are those of a file, a checkpoint of a stage that trained it. */
  async replace(model: string, file: string): Promise<void> {
    this.place(model, await openChecked(this.spec(model), file, this.span))
    for (const as of narrowFloats) this.rounded.delete(roundedKey(model, as))
  }

  parameter(model: string, path: string): StoredTensor {
    const stored = this.files.get(model)?.tensors.get(path)
    if (!stored) throw new Error(`model ${model} has no parameter ${path}`)
    return stored
  }

  /** From now on evaluations and exports take the averages that a stage kept, for what it trained. */
  async average({ trained, ema }: StageSpec, file: string): Promise<void> {
    const kept = ema === null ? undefined : await openSafetensors(file)
    for (const { model, path } of trained) {
      const key = `${model}/${path}`
      const stored = kept?.tensors.get(`ema/${key}`)
      if (stored) this.averages.set(key, stored)
      else if (kept) throw new Error(`${file} has no average of ${key}`)
      else this.averages.delete(key)
    }
  }

  /** What evaluations and exports take for a parameter: its average where there is one. */
  measured(model: string, path: string): StoredTensor {
    return this.averages.get(`${model}/${path}`) ?? this.parameter(model, path)
  }

  /** The values that evaluations and exports take for a parameter, in f32. */
  async values(model: string, path: string): Promise<Float32Array> {
    return new Float32Array(await readTensor(this.measured(model, path)))
  }

  /** The places of a graph's frozen parameters, for linking. Throws UserError where a file is no longer what it was. */
  bindings(spec: GraphSpec, take: 'parameter' | 'measured' = 'parameter'): ReadonlyMap<string, Binding> {
    for (const model of new Set(spec.parameters.map((p) => p.model))) this.checkUnchanged(model)
    return new Map(
      spec.parameters.map(({ name, model, path, dtype, as }) => {
        const rounded = as && this.rounded.get(roundedKey(model, as))?.get(path)
        const { file, offset, length } = rounded || this[take](model, path)
        return [name, { location: location(file), offset, length, dtype }]
      }),
    )
  }

  private checkUnchanged(model: string): void {
    for (const [file, size] of this.sizes.get(model) ?? []) {
      if (statSync(file, { throwIfNoEntry: false })?.size === size) continue
      throw new UserError(changedWeights(this.span, { model, file }))
    }
  }
}

/** A weight that does not fit the type that it is rounded to is the user's mistake. */
async function fitting<T>({ name }: ModelSpec, span: Span, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error
    const { tensor: path, value, as } = error
    throw new UserError(tooLargeWeight(span, { model: name, path, value, as }))
  }
}

const roundedKey = (model: string, as: NarrowFloat): string => `${model} ${as}`

const location = (file: string): string => relative(fileSystemRoot, resolve(file)).split(sep).join('/')

async function openModel(model: ModelSpec, options: WeightOptions): Promise<WeightFile> {
  if (model.from === null) {
    const file = join(options.directory, 'initial', `${model.name}.safetensors`)
    if (!existsSync(file)) await fitting(model, options.span, () => writeInitial(model, file, options.seed))
    return openChecked(model, file, options.span)
  }
  const path = resolve(options.root, model.from)
  const converted = join(options.directory, 'initial', `${model.name}.safetensors`)
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'model.safetensors') : path
  if (!existsSync(file)) {
    const shown = relative(options.root, file)
    throw new UserError(missingWeights(options.span, { model: model.name, path: shown }))
  }
  if (!file.endsWith('.onnx')) return openChecked(model, file, options.span)
  return checked(
    model,
    await openAny(file, options.span, () => openOnnxWeights(model, file, converted)),
    options.span,
  )
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

/** Opens a file and compares its tensors with the model's parameters. */
async function openChecked(model: ModelSpec, file: string, span: Span): Promise<WeightFile> {
  return checked(model, await openAny(file, span, () => openSafetensors(file)), span)
}

async function openAny(file: string, span: Span, open: () => Promise<WeightFile>): Promise<WeightFile> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof SafetensorsError) throw new UserError(corruptWeights(span, error))
    if (error instanceof OnnxProblem)
      throw new UserError(corruptWeights(span, { file, problem: error.message }))
    throw error
  }
}

function checked(model: ModelSpec, opened: WeightFile, span: Span): WeightFile {
  const { file } = opened
  const wanted = new Map(model.parameters.map((p) => [p.path, p]))
  const missing = [...wanted.keys()].filter((path) => !opened.tensors.has(path))
  const unused = [...opened.tensors.keys()].filter((path) => !wanted.has(path))
  const different = model.parameters.flatMap((p) => {
    const stored = opened.tensors.get(p.path)
    const typed = stored?.dtype === p.dtype || (p.dtype === 'f32' && holdsWeights(stored?.dtype ?? ''))
    if (!stored || (typed && sameShape(stored.shape, p.shape))) return []
    return [{ path: p.path, wanted: formatType(p), got: `${stored.dtype}[${stored.shape.join(', ')}]` }]
  })
  if (missing.length + unused.length + different.length > 0) {
    throw new UserError(mismatchedWeights(span, { model: model.name, file, missing, unused, different }))
  }
  return opened
}
