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
} from '../diagnostics/catalogue/run.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { formatType, sameShape, tensor } from '../graph/types.js'
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

/** The root to which the locations of linked weights are relative. */
export const fileSystemRoot = parse(resolve('.')).root

export interface WeightOptions {
  readonly root: string
  /** The run's folder, for initial values. */
  readonly directory: string
  readonly seed: number
  readonly span: Span
}

/** A file, and where its tensors lie, in it or beside it. */
export interface WeightFile {
  readonly file: string
  /** Bytes of the whole file. */
  readonly size: number
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

/** Where the current values of every model's parameters lie. */
export class Weights {
  private readonly files = new Map<string, WeightFile>()
  /** The averages of parameters, by `<model>/<path>`, where the last stage that trained them kept averages. */
  private readonly averages = new Map<string, StoredTensor>()

  private constructor(
    private readonly manifest: Manifest,
    private readonly span: Span,
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
    const weights = new Weights(manifest, options.span)
    const problems = [...known]
    // Initial values are written last, so that a run whose files do not fit leaves nothing behind.
    const given = manifest.models.filter(({ from }) => from !== null)
    const initial = manifest.models.filter(({ from }) => from === null)
    for (const model of [...given, ...initial]) {
      if (model.from === null && problems.length > 0) break
      try {
        weights.files.set(model.name, await openModel(model, options))
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        problems.push(error.diagnostic)
      }
    }
    return { weights, problems }
  }

  /** From now on the model's parameters are those of a file, a checkpoint of a stage that trained it. */
  async replace(model: string, file: string): Promise<void> {
    const spec = this.manifest.models.find((m) => m.name === model)
    if (!spec) throw new Error(`no model ${model}`)
    this.files.set(model, await openChecked(spec, file, this.span))
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
      spec.parameters.map(({ name, model, path, dtype }) => {
        const { file, offset, length } = this[take](model, path)
        return [name, { location: location(file), offset, length, dtype }]
      }),
    )
  }

  private checkUnchanged(model: string): void {
    const known = this.files.get(model)
    if (known && statSync(known.file, { throwIfNoEntry: false })?.size !== known.size) {
      throw new UserError(changedWeights(this.span, { model, file: known.file }))
    }
  }
}

const location = (file: string): string => relative(fileSystemRoot, resolve(file)).split(sep).join('/')

async function openModel(model: ModelSpec, options: WeightOptions): Promise<WeightFile> {
  if (model.from === null) {
    const file = join(options.directory, 'initial', `${model.name}.safetensors`)
    if (!existsSync(file)) await writeInitial(model, file, options.seed)
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
        return dtype === 'f32' ? values : rawBytes(tensor(dtype, shape, values))
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
    if (!stored || (stored.dtype === p.dtype && sameShape(stored.shape, p.shape))) return []
    return [{ path: p.path, wanted: formatType(p), got: `${stored.dtype}[${stored.shape.join(', ')}]` }]
  })
  if (missing.length + unused.length + different.length > 0) {
    throw new UserError(mismatchedWeights(span, { model: model.name, file, missing, unused, different }))
  }
  return opened
}
