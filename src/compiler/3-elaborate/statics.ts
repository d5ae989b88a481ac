import { circularName } from '../../diagnostics/catalogue/name.js'
import { badSetting, unknownSetting } from '../../diagnostics/catalogue/pipeline.js'
import { notAModel, nothingNarrowed, reservedModel } from '../../diagnostics/catalogue/model.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import { type Diagnostic, type Diagnostics, type Span, UserError } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type {
  AdapterItem,
  DataItem,
  Expression,
  LetDeclaration,
  LossItem,
  ModelItem,
  NextItem,
  ParamItem,
  StateItem,
} from '../1-parse/syntax.js'
import { readQuantity } from '../1-parse/units.js'
import { allClauses } from '../2-resolve/flat-stage.js'
import type { FlatPipeline, NamedItem } from '../2-resolve/flatten.js'
import type { Settings } from '../../artefact/json.js'
import type { ModelSpec } from '../../artefact/models.js'
import { configText } from './config-text.js'
import { type DeclaredData, declaredData } from './data-spec.js'
import { type AdaptedLayer, type Adapter, adapterParameters, evaluateAdapter, layerKey } from './adapter.js'
import { Elaboration, fail } from './elaboration.js'
import { evaluate } from './evaluate.js'
import { forms } from './expressions.js'
import type { Facts } from './facts.js'
import { copyModel } from './copy-model.js'
import { weightOf } from './instantiate.js'
import { namedWeights } from './named-weights.js'
import { parametersOf, place, trainable } from './model-tree.js'
import { type FromDirectory, checkDirectory, instanceFromDirectory } from './model-directory.js'
import { checkWhole } from './onnx-model.js'
import { pathOf } from './path-of.js'
import { PipelineScope } from './pipeline-scope.js'
import { plain } from './plain.js'
import { modelPrecision } from './precision.js'
import type { Scope } from './scope.js'
import { addTokenize } from './tokenize.js'
import { matchType, typeText } from './types.js'
import { type Instance, type Val, type Weight, describe } from './values.js'

/** What is the same in every stage of a pipeline: its params, data sets, models and values without tensors. */
export class Statics {
  readonly data = new Map<string, DeclaredData>()
  /** Values that were evaluated without a mistake. */
  readonly evaluated = new Set<LetDeclaration | LossItem | NextItem>()
  private readonly adapters = new Map<string, Adapter>()
  /** The layers beside which adapters may stand, with the place of the adapter's declaration. */
  readonly adapted = new Map<string, AdaptedLayer & { readonly span: Span }>()
  private readonly params = new Map<string, Val>()
  private readonly models = new Map<string, Instance>()
  private readonly states = new Map<string, Instance | TensorState>()
  private readonly evaluating: string[] = []
  private readonly failures = new Map<NamedItem, UserError>()
  private readonly warnings: Diagnostic[] = []
  /** The values of the pipeline, in one graph. */
  readonly scope: PipelineScope
  /** The params that say how many rows a data set gives. */
  readonly rowParams: ReadonlySet<string>

  constructor(
    readonly pipeline: FlatPipeline,
    readonly files: Scope,
    /** `--set name=value`, unparsed. */
    readonly settings: ReadonlyMap<string, string>,
  ) {
    this.scope = new PipelineScope(
      this,
      new Elaboration(forms, this.data, this.adapted, files, files.program.binary),
    )
    const items = [...pipeline.items.values()].map(({ item }) => item)
    this.rowParams = new Set(
      items.flatMap((item) => (item.kind === 'data' && item.rows?.kind === 'name' ? [item.rows.name] : [])),
    )
    this.scope.elaboration.severalBatches = pipeline.stages
      .flatMap(allClauses)
      .some(({ clause }) => clause.kind === 'clause' && clause.exact !== undefined)
  }

  /** The facts for values that are checked outside of any stage: every parameter may be trained. */
  get anyFacts(): Facts {
    const adapters = [...this.adapters.values()]
    const trained = [...[...this.models.values()].flatMap(trainable), ...adapters.flatMap(adapterParameters)]
    return {
      trained,
      changing: trained,
      adapters: new Map(adapters.map(({ name }) => [name, 'attached'])),
      batches: 1,
    }
  }

  param(item: ParamItem, file: string): Val {
    return this.once(this.params, item.name.text, item, () => {
      const text = this.settings.get(item.name.text)
      const environment = this.scope.environment(file)
      const x = this.scope.elaboration
      const site = { what: `param \`${item.name.text}\``, span: item.value.span }
      const { type } = item
      const typed = (value: Val): Val =>
        // an inherited type names what its own file sees
        type ? matchType(x, type, value, this.scope.environment(type.span.file), site) : value
      if (text === undefined) return typed(evaluate(x, item.value, environment))
      try {
        return typed(parseSetting(text))
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        const wanted = type ? typeText(type) : 'a value'
        return fail(badSetting(item.name.span, { name: item.name.text, text, wanted }))
      }
    })
  }

  model(item: ModelItem, file: string): Instance {
    return this.once(this.models, item.name.text, item, () => {
      const as = item.as && modelPrecision(item.as)
      const value = this.made(item, file)
      if (value.kind !== 'instance')
        return fail(notAModel(item.value.span, { name: item.name.text, got: describe(value) }))
      // checkpoints keep the optimizer's state under this name, beside one file per model
      if (item.name.text === 'optimizer') return fail(reservedModel(item.name.span, { name: item.name.text }))
      checkWhole(value, item.value.span)
      place(value, item.name.text, '')
      addTokenize(value, item.name.text, this.files.program.folders, () => this.fromPath(item, file))
      if (as) this.scope.elaboration.narrow.set(item.name.text, as)
      return value
    })
  }

  /** The value of a model; a module alone takes its configuration from the directory behind `from`. */
  private made(item: ModelItem, file: string): Val {
    const x = this.scope.elaboration
    const value = evaluate(x, item.value, this.scope.environment(file))
    const at = value.kind === 'module' ? this.directory(item, file) : undefined
    if (value.kind !== 'module' || !at) return value
    const { folders, scopes } = this.files.program
    const scope = scopes.get(value.declaration.span.file) ?? new Map()
    return instanceFromDirectory(x, value, folders, at, scope, (warning) => this.warnings.push(warning))
  }

  private directory(item: ModelItem, file: string): FromDirectory | undefined {
    const from = this.fromPath(item, file)
    if (from === null || !item.from) return undefined
    return { model: item.name.text, from, value: item.value.span, place: item.from.span }
  }

  /** Compares a model that is given its configuration with the directory behind `from`. */
  private checkDirectory(item: ModelItem, file: string, diagnostics: Diagnostics): void {
    const instance = this.model(item, file)
    const { folders } = this.files.program
    const at = this.directory(item, file)
    if (!folders || !at) return
    for (const d of checkDirectory(this.scope.elaboration, instance, folders, at)) diagnostics.add(d)
  }

  /** A state of the pipeline: a tensor, or the copy of a model. */
  state(item: StateItem, file: string): Instance | TensorState {
    return this.once(this.states, item.name.text, item, () => {
      const { name, type, value: init } = item
      // checkpoints keep the optimizer's state under this name
      if (name.text === 'optimizer') return fail(reservedModel(name.span, { name: name.text }))
      const environment = this.scope.environment(file)
      if (!type) return copyModel(this.scope.elaboration, item, environment, (model) => this.remade(model))
      const weight = weightOf(this.scope.elaboration, { name, type, init, state: true }, environment)
      return { kind: 'tensor-state', weight }
    })
  }

  /** Another instance of a model, which shares nothing with it. */
  private remade(name: string): Val | undefined {
    const found = this.pipeline.items.get(name)
    return found?.item.kind === 'model' ? this.made(found.item, found.file) : undefined
  }

  adapter(item: AdapterItem, file: string): Adapter {
    return this.once(this.adapters, item.name.text, item, () => {
      const adapter = evaluateAdapter(
        this.scope.elaboration,
        item,
        this.scope.environment(file),
        this.adapted,
        this.fromPath(item, file),
      )
      for (const layer of adapter.layers)
        this.adapted.set(layerKey(layer.weight), { ...layer, span: item.name.span })
      return adapter
    })
  }

  /** A data set that is right; what is wrong with it is told once. */
  dataOf(item: DataItem): DeclaredData {
    return this.once(this.data, item.name.text, item, () =>
      declaredData(this.scope.elaboration, item, {
        environment: (file) => this.scope.environment(file),
        names: [...this.pipeline.items.values()].flatMap(({ item: other }) =>
          other.kind === 'data' && other !== item ? [other.name.text] : [],
        ),
        declared: (name) => {
          const found = this.pipeline.items.get(name)?.item
          return found?.kind === 'data' ? this.dataOf(found).taken : undefined
        },
      }),
    )
  }

  /** Evaluates params, data sets and models, all of them, so that every mistake is reported. */
  checkAll(diagnostics: Diagnostics): void {
    const attempt = (run: () => void): void => {
      try {
        run()
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        diagnostics.add(error.diagnostic)
      }
    }
    const known = [...this.pipeline.items.values()]
      .filter(({ item }) => item.kind === 'param')
      .map(({ item }) => (item.kind === 'param' ? item.name.text : ''))
    for (const name of this.settings.keys()) {
      if (!known.includes(name))
        diagnostics.add(unknownSetting(this.pipeline.span, { name, suggestion: closest(name, known), known }))
    }
    for (const { item, file } of this.pipeline.items.values())
      if (item.kind === 'param') attempt(() => void this.param(item, file))
    for (const { item } of this.pipeline.items.values())
      if (item.kind === 'data') attempt(() => void this.dataOf(item))
    for (const { item, file } of this.pipeline.items.values())
      if (item.kind === 'model') attempt(() => this.checkModel(item, file, diagnostics))
    for (const { item, file } of this.pipeline.items.values())
      if (item.kind === 'state') attempt(() => void this.state(item, file))
    for (const warning of this.warnings) diagnostics.add(warning)
    for (const { item, file } of this.pipeline.items.values())
      if (item.kind === 'adapter') attempt(() => void this.adapter(item, file))
  }

  private checkModel(item: ModelItem, file: string, diagnostics: Diagnostics): void {
    const { name: model, as, parameters } = this.modelSpec(item, file)
    if (item.as && as && !parameters.some((p) => p.dtype === 'f32'))
      diagnostics.add(nothingNarrowed(item.as.span, { model, as }))
    this.checkDirectory(item, file, diagnostics)
  }

  modelSpec(item: ModelItem, file: string): ModelSpec {
    const instance = this.model(item, file)
    const name = item.name.text
    const keys = item.from && namedWeights(this.from(item.from, file))?.keys
    return {
      name,
      as: this.scope.elaboration.narrow.get(name)?.type ?? null,
      from: item.from ? this.fromPath(item, file) : (instance.weightFile ?? null),
      ...(item.strip ? { strip: item.strip.text } : {}),
      ...(keys ? { keys } : {}),
      ignore: (item.ignore ?? []).map(({ text }) => text),
      config: configText(this.scope.elaboration, instance),
      files: [],
      parameters: parametersOf(instance).map(parameterSpec),
    }
  }

  /** A state as a model: of one parameter of its own name, or with those of what it copies. */
  stateSpec(item: StateItem, file: string): ModelSpec {
    const state = this.state(item, file)
    const name = item.name.text
    const held = state.kind === 'instance' ? parametersOf(state) : [{ path: name, weight: state.weight }]
    const config = state.kind === 'instance' ? configText(this.scope.elaboration, state) : null
    return { name, as: null, from: null, ignore: [], config, files: [], parameters: held.map(parameterSpec) }
  }

  /** The same once the pipeline is evaluated: with the files of its directory that were looked at. */
  finalModelSpec(item: ModelItem, file: string): ModelSpec {
    const spec = this.modelSpec(item, file)
    const looked = spec.from === null ? undefined : this.files.program.folders?.lookedAt(spec.from)
    return looked ? { ...spec, files: [...looked] } : spec
  }

  fromPath(item: ModelItem | AdapterItem, file: string): string | null {
    if (!item.from) return null
    const value = this.from(item.from, file)
    if (value.kind === 'string') return pathOf(value)
    const named = item.kind === 'model' ? namedWeights(value) : undefined
    if (named) return pathOf(named.file)
    return fail(
      wrongType(item.from.span, { wanted: 'a path in quotes', got: describe(value), where: '`from`' }),
    )
  }

  private from(from: Expression, file: string): Val {
    return evaluate(this.scope.elaboration, from, this.scope.environment(file))
  }

  /** Params as plain values, for the manifest. */
  paramValues(): Settings {
    return Object.fromEntries([...this.params].map(([name, value]) => [name, plain(value)]))
  }

  /** What went wrong once is what is told of everything that needs it, and told once. */
  private once<T>(
    memo: Map<string, T>,
    name: string,
    item: ParamItem | DataItem | ModelItem | AdapterItem | StateItem,
    run: () => T,
  ): T {
    const known = memo.get(name)
    if (known !== undefined) return known
    const failure = this.failures.get(item)
    if (failure) throw failure
    if (this.evaluating.includes(name)) {
      const names = [...this.evaluating.slice(this.evaluating.indexOf(name)), name]
      const text = item.kind === 'data' || item.kind === 'model'
      return fail(
        circularName(item.name.span, {
          names,
          ...(text && names.length === 2 ? { help: `a text stands in quotes: \`"${name}"\`` } : {}),
        }),
      )
    }
    this.evaluating.push(name)
    try {
      const value = this.scope.elaboration.named(item.span, run)
      memo.set(name, value)
      return value
    } catch (error) {
      if (error instanceof UserError) this.failures.set(item, error)
      throw error
    } finally {
      this.evaluating.pop()
    }
  }
}

/** A tensor of a pipeline that is carried from step to step. */
export interface TensorState {
  readonly kind: 'tensor-state'
  readonly weight: Weight
}

const parameterSpec = ({
  path,
  weight,
}: {
  readonly path: string
  readonly weight: Weight
}): ModelSpec['parameters'][number] => ({
  path,
  dtype: weight.type.dtype,
  shape: [...weight.type.shape],
  init: weight.init,
  ...(weight.state || weight.copied ? { state: true as const } : {}),
})

/** The value behind `--set name=text`: a number, a quantity, a boolean, none, or a string. */
function parseSetting(text: string): Val {
  const number = /^[+-]?\d[\d_]*$/.test(text)
  if (number) return { kind: 'int', value: Number(text.replaceAll('_', '')) }
  if (text.trim() !== '' && Number.isFinite(Number(text))) return { kind: 'float', value: Number(text) }
  const quantity = readQuantity(text.trim())
  if (quantity) return { kind: 'quantity', value: quantity.value, unit: quantity.unit }
  if (text === 'true' || text === 'false') return { kind: 'bool', value: text === 'true' }
  if (text === 'none') return { kind: 'none' }
  return { kind: 'string', value: text.replace(/^"(.*)"$/, '$1') }
}
