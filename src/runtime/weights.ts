import { statSync } from 'node:fs'
import { parse, relative, resolve, sep } from 'node:path'
import type { GraphSpec } from '../artefact/graphs.js'
import type { Manifest } from '../artefact/manifest.js'
import type { ModelSpec } from '../artefact/models.js'
import type { StageSpec } from '../artefact/stages.js'
import { graphsOfStage, statesOf } from '../artefact/stage-parts.js'
import { stateKey } from '../artefact/roles.js'
import type { Binding } from '../artefact/link.js'
import { changedWeights } from '../diagnostics/catalogue/run-weights.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { type NarrowFloat, narrowFloats } from '../graph/types.js'
import { weightCache } from '../cache.js'
import { Conversions } from '../weights/conversions.js'
import { openSafetensors, readTensor } from '../weights/safetensors.js'
import { type SourceTensor, type StoredTensor, isStored } from '../weights/table.js'
import { toConvert } from '../weights/to-convert.js'
import { type AdapterParts, openAdapterFile, openPeftFolder } from './adapter-weights.js'
import { checkFinite } from './check-finite.js'
import { type Sources, type WeightOptions, fitting, openGiven, openInitial, openOwn } from './open-weights.js'

/** The root to which the locations of linked weights are relative. */
export const fileSystemRoot = parse(resolve('.')).root

/** Where the current values of every model's parameters lie. */
export class Weights {
  private readonly places = new Map<string, ReadonlyMap<string, StoredTensor>>()
  /** Bytes of the files in which a model's parameters lie. */
  private readonly sizes = new Map<string, ReadonlyMap<string, number>>()
  /** What stages with `precision` read of models: places by path, by model and type. */
  private readonly rounded = new Map<string, ReadonlyMap<string, StoredTensor>>()
  /** The averages of parameters, by `<model>/<path>`, where the last stage that trained them kept averages. */
  private readonly averages = new Map<string, StoredTensor>()

  private constructor(
    private readonly manifest: Manifest,
    private readonly spanOf: (model: string) => Span,
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
    const folders = { cache: weightCache(root), run: directory }
    const weights = new Weights(manifest, options.spanOf, new Conversions(folders, onConvert))
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
    const initial = manifest.models.filter((model) => model.from === null && !isCopy(model))
    const sources = new Map<ModelSpec, Sources>()
    // An adapter that is read from a folder brings what was trained of its model with it.
    const besideAdapters: [ModelSpec, Sources][] = []
    for (const model of given)
      await attempt(async () => {
        const parts = weights.adapter(model)
        if (!parts) return void sources.set(model, await openGiven(model, options))
        const found = await openPeftFolder(parts, { ...options, span: options.spanOf(model.name) })
        sources.set(model, found.factors)
        besideAdapters.push([parts.base, found.beside])
      })
    for (const model of given)
      if (problems.length === 0)
        await attempt(() => checkFinite(model, sources.get(model) ?? new Map(), manifest, options))
    for (const [base, beside] of besideAdapters)
      if (problems.length === 0) await attempt(() => checkFinite(base, beside, manifest, options))
    // What takes long or is written comes last, so that a run whose files do not fit leaves nothing behind.
    for (const [model, own] of sources)
      if (problems.length === 0)
        await attempt(async () => weights.place(model, await weights.settled(model, own)))
    for (const model of initial)
      if (problems.length === 0)
        await attempt(async () => weights.place(model, await openInitial(model, options)))
    for (const [base, beside] of besideAdapters)
      if (problems.length === 0)
        await attempt(async () => {
          const settled = await weights.settled(base, beside)
          weights.place(base, new Map([...(weights.places.get(base.name) ?? []), ...settled]))
        })
    return { weights, problems }
  }

  /** Of the factors of an adapter: that, and the model that it stands in. */
  private adapter(factors: ModelSpec): AdapterParts | undefined {
    const adapter = this.manifest.adapters.find((a) => a.name === factors.name)
    return adapter && { adapter, factors, base: this.spec(adapter.model) }
  }

  private place({ name }: ModelSpec, tensors: ReadonlyMap<string, StoredTensor>): void {
    this.places.set(name, tensors)
    const files = new Set([...tensors.values()].map(({ file }) => file))
    this.sizes.set(name, new Map([...files].map((file) => [file, statSync(file).size])))
  }

  /** Takes f32 values for parameters that lie in another type or not row by row, and rounded ones where `as` says so. */
  private async settled(model: ModelSpec, sources: Sources): Promise<ReadonlyMap<string, StoredTensor>> {
    const wanted = new Set(toConvert(model, sources))
    const asTheyLie = [...sources].flatMap(([path, source]): [string, StoredTensor][] =>
      isStored(source) && !wanted.has(source) ? [[path, source]] : [],
    )
    return new Map([...asTheyLie, ...(await this.converted(model, [...wanted], model.as))])
  }

  /** Rounds what a stage with `precision` reads of the models that it trains. */
  async prepare(stage: StageSpec): Promise<void> {
    const read = graphsOfStage(stage).flatMap(({ parameters }) => parameters)
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
    tensors: readonly SourceTensor[],
    as: NarrowFloat | null,
  ): Promise<ReadonlyMap<string, StoredTensor>> {
    return fitting(model, this.spanOf(model.name), () => this.conversions.convert(tensors, as))
  }

  private spec(name: string): ModelSpec {
    const spec = this.manifest.models.find((m) => m.name === name)
    if (!spec) throw new Error(`no model ${name}`)
    return spec
  }

  /** From now on the model's parameters are those of a file, a checkpoint of a stage that trained it. */
  async replace(model: string, file: string): Promise<void> {
    const spec = this.spec(model)
    const parts = this.adapter(spec)
    const opened = parts
      ? await this.settled(spec, (await openAdapterFile(parts, file, this.spanOf(model))).factors)
      : await openOwn(spec, file, this.spanOf(model))
    this.place(spec, opened)
    for (const as of narrowFloats) this.rounded.delete(roundedKey(model, as))
  }

  /** Where a parameter's values lie; those of a copy that has not begun where those of its model do. */
  parameter(model: string, path: string): StoredTensor {
    const stored = this.places.get(model)?.get(path) ?? this.original(model, path)
    if (!stored) throw new Error(`model ${model} has no parameter ${path}`)
    return stored
  }

  private original(model: string, path: string): StoredTensor | undefined {
    const init = this.spec(model).parameters.find((p) => p.path === path)?.init
    return init?.kind === 'copy' ? this.parameter(init.model, init.path) : undefined
  }

  /** The copies that a stage reads are from now on no longer what their models become. */
  begin(stage: StageSpec): void {
    const read = [...graphsOfStage(stage).flatMap(({ parameters }) => parameters), ...statesOf(stage)]
    for (const name of new Set(read.map(({ model }) => model))) {
      const model = this.spec(name)
      if (!isCopy(model) || this.places.has(name)) continue
      this.place(model, new Map(model.parameters.map(({ path }) => [path, this.parameter(name, path)])))
    }
  }

  /** While `work` goes on, values may be replaced: afterwards all are as they were. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const held = [
      restoring(this.places),
      restoring(this.sizes),
      restoring(this.rounded),
      restoring(this.averages),
    ]
    try {
      return await work()
    } finally {
      for (const restore of held) restore()
    }
  }

  /** From now on evaluations and exports take the averages that a stage kept, for what it trained. */
  async average({ updates }: StageSpec, file: string): Promise<void> {
    for (const { name, trained, ema } of updates) {
      const kept = ema === null ? undefined : await openSafetensors(file)
      for (const { model, path } of trained) {
        const key = `${model}/${path}`
        const stored = kept?.tensors.get(stateKey(name, { kind: 'average', model, path }))
        if (stored) this.averages.set(key, stored)
        else if (kept) throw new Error(`${file} has no average of ${key}`)
        else this.averages.delete(key)
      }
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
        const { file, offset, length } =
          as !== null && this.spec(model).as === null
            ? this.roundedTo(as, model, path)
            : this[take](model, path)
        return [name, { location: location(file), offset, length, dtype }]
      }),
    )
  }

  private roundedTo(as: NarrowFloat, model: string, path: string): StoredTensor {
    const stored = this.rounded.get(roundedKey(model, as))?.get(path)
    if (!stored) throw new Error(`${model}/${path} was not rounded to ${as}`)
    return stored
  }

  private checkUnchanged(model: string): void {
    for (const [file, size] of this.sizes.get(model) ?? []) {
      if (statSync(file, { throwIfNoEntry: false })?.size === size) continue
      throw new UserError(changedWeights(this.spanOf(model), { model, file }))
    }
  }
}

/** Brings a map back to what it holds now. */
function restoring<K, V>(map: Map<K, V>): () => void {
  const entries = [...map]
  return () => {
    map.clear()
    for (const [key, value] of entries) map.set(key, value)
  }
}

/** Whether a model starts as what it is a copy of. */
const isCopy = ({ parameters }: ModelSpec): boolean => parameters.some(({ init }) => init.kind === 'copy')

const roundedKey = (model: string, as: NarrowFloat): string => `${model} ${as}`

/** A file's place as linked graphs name it. */
export const location = (file: string): string => relative(fileSystemRoot, resolve(file)).split(sep).join('/')
