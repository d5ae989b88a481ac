import { adaptedTwice, badAdapter, nothingToAdapt } from '../../diagnostics/catalogue/adapter.js'
import { reservedModel } from '../../diagnostics/catalogue/model.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { elementCount } from '../../graph/types.js'
import type { AdapterItem, ModuleDeclaration } from '../1-parse/syntax.js'
import type { Initializer } from '../../artefact/models.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import type { PlacedWeight } from './facts.js'
import { joinPath } from './join-path.js'
import { type LayerPattern, settingsOf } from './adapter-settings.js'
import { trainable } from './model-tree.js'
import { type Instance, type Val, type Weight, describe } from './values.js'

/** Low-rank factors beside the weights of a model (Hu et al. 2021, arXiv 2106.09685), as in peft's LoraConfig. */
export interface Adapter {
  readonly name: string
  readonly model: string
  readonly span: Span
  /** A folder in peft's format from which it starts. */
  readonly from: string | null
  readonly rank: number
  readonly alpha: number
  readonly dropout: number
  readonly layers: readonly AdaptedLayer[]
  /** The biases that it trains: of the layers, or, where it says "all", of the model. */
  readonly biases: readonly PlacedWeight[]
  readonly allBiases: boolean
  /** Modules of the model that are trained and kept whole with it. */
  readonly saved: readonly { readonly module: string; readonly weights: readonly PlacedWeight[] }[]
}

/** A linear layer or convolution with an adapter: W x + (alpha / rank) B A x. */
export interface AdaptedLayer {
  /** Rank and alpha are those of this layer. */
  readonly adapter: Pick<Adapter, 'name' | 'model' | 'rank' | 'alpha' | 'dropout'>
  /** The module's path in the model. */
  readonly module: string
  readonly weight: PlacedWeight
  readonly a: PlacedWeight
  readonly b: PlacedWeight
}

/** What is trained of an adapter. */
export const adapterParameters = ({ layers, biases, saved }: Adapter): readonly PlacedWeight[] => [
  ...layers.flatMap(({ a, b }) => [a, b]),
  ...biases,
  ...saved.flatMap(({ weights }) => weights),
]

export const layerKey = ({ model, path }: { readonly model: string; readonly path: string }): string =>
  `${model}/${path}`

/** `lora(clip.vision_model, rank = 16)`; a layer that `taken` holds already has an adapter. */
export function evaluateAdapter(
  x: Elaboration,
  item: AdapterItem,
  env: Environment,
  taken: ReadonlyMap<string, AdaptedLayer & { readonly span: Span }>,
  from: string | null,
): Adapter {
  const { text: name, span } = item.name
  if (name === 'optimizer') return fail(reservedModel(span, { name }))
  const e = item.value
  if (e.kind !== 'call' || e.callee.kind !== 'name' || e.callee.name !== 'lora')
    return fail(badAdapter(e.span, { message: 'an adapter is a call such as `lora(model, rank = 16)`' }))
  const settings = settingsOf(x, e.arguments, env, e.span)
  const parts = e.arguments.filter((a) => !a.name)
  if (parts.length === 0)
    return fail(badAdapter(e.span, { message: '`lora` needs a model or a part of one to adapt' }))
  const adapted = new Map<string, Instance>()
  let model: string | undefined
  for (const part of parts) {
    const found = layersBelow(evaluate(x, part.value, env), part.value.span)
    for (const instance of found) {
      const place = placeOf(instance)
      model ??= place.model
      if (place.model !== model)
        return fail(
          badAdapter(part.value.span, {
            message: `an adapter belongs to one model, these are \`${model}\` and \`${place.model}\``,
            help: 'declare one adapter for each model',
          }),
        )
      adapted.set(place.path, instance)
    }
  }
  const { rank, alpha, dropout, trainBias, rankPattern, alphaPattern } = settings
  const head = { name, model: model ?? '', rank, alpha, dropout }
  for (const pattern of [...rankPattern, ...alphaPattern])
    if (![...adapted.keys()].some((module) => endsIn(module, pattern.end)))
      return fail(
        badAdapter(pattern.span, {
          message: `the adapter has no layer whose path ends in \`${pattern.end}\``,
        }),
      )
  const layers = [...adapted].map(([module, instance]) => {
    const own = (patterns: readonly LayerPattern[]): number | undefined =>
      patterns.find(({ end }) => endsIn(module, end))?.value
    return layerOf(
      { ...head, rank: own(rankPattern) ?? rank, alpha: own(alphaPattern) ?? alpha },
      module,
      instance,
    )
  })
  for (const layer of layers) {
    const other = taken.get(layerKey(layer.weight))
    if (other) {
      const path = `${other.weight.model}.${other.weight.path}`
      return fail(adaptedTwice(span, { path, adapters: [other.adapter.name, name], first: other.span }))
    }
  }
  const whole = env.get(head.model)
  const saved = settings.saved.flatMap(({ value, span: at }) =>
    savedModules(value, at, head.model, adapted, whole),
  )
  const kept = new Set(saved.flatMap(({ weights }) => weights.map(({ path }) => path)))
  const all = trainBias === 'all' && whole ? trainable(whole) : []
  // peft goes by the name
  const biases = [
    ...(trainBias === true
      ? [...adapted].flatMap(([module, layer]) => biasOf(head.model, module, layer))
      : []),
    ...all.filter(({ path }) => path.includes('bias')),
  ].filter(({ path }) => !kept.has(path))
  return { ...head, span, from, layers, biases, allBiases: trainBias === 'all', saved }
}

/** Whether a module is the one of a path, or one whose path ends so. */
const endsIn = (module: string, end: string): boolean => module === end || module.endsWith(`.${end}`)

function biasOf(model: string, module: string, { weights }: Instance): readonly PlacedWeight[] {
  const bias = weights.get('bias')
  return bias ? [{ model, path: joinPath(module, 'bias'), weight: bias }] : []
}

/** Modules that are trained whole; peft knows them by the ends of their paths, so another one may not end like them. */
function savedModules(
  value: Val,
  span: Span,
  model: string,
  adapted: ReadonlyMap<string, Instance>,
  whole: Val | undefined,
): Adapter['saved'] {
  if (value.kind === 'list')
    return value.items.flatMap((item) => savedModules(item, span, model, adapted, whole))
  const refuse = (message: string): never => fail(badAdapter(span, { message }))
  if (value.kind !== 'instance' || value.place?.model !== model || value.place.path === '')
    return refuse(`\`modules_to_save\` takes parts of \`${model}\`, got ${describe(value)}`)
  const module = value.place.path
  const below = [...adapted.keys()].find((path) => path === module || path.startsWith(`${module}.`))
  if (below !== undefined)
    return refuse(`\`${module}\` is kept whole, and the adapter has a layer \`${below}\``)
  const others = whole ? trainable(whole).map(({ path }) => path.slice(0, path.lastIndexOf('.'))) : []
  const other = others.find((path) => path !== module && path.endsWith(module))
  if (other !== undefined)
    return refuse(`peft would keep \`${other}\` with \`${module}\`, whose path ends like it`)
  return [{ module, weights: trainable(value) }]
}

/** The linear layers and convolutions in a model, a part of one or a list of parts. */
function layersBelow(value: Val, span: Span): readonly Instance[] {
  const found = new Set<Instance>()
  const walk = (v: Val): void => {
    if (v.kind === 'list') v.items.forEach(walk)
    else if (v.kind === 'instance' && !found.has(v)) {
      if (isLayer(v)) found.add(v)
      for (const child of v.children.values()) walk(child)
    }
  }
  if (value.kind !== 'instance' && value.kind !== 'list')
    return fail(
      badAdapter(span, { message: `\`lora\` adapts models and parts of them, this is ${describe(value)}` }),
    )
  walk(value)
  if (found.size === 0) return fail(nothingToAdapt(span, { what: describe(value) }))
  return [...found]
}

function placeOf({ place }: Instance): { readonly model: string; readonly path: string } {
  if (!place) throw new Error('a part of a model without a place')
  return place
}

/** Whether a module computes `linear` or `conv` with its own `weight`. */
function isLayer({ declaration, weights }: Instance): boolean {
  const rank = weights.get('weight')?.type.shape.length ?? 0
  return rank >= 2 && applied(declaration) === (rank === 2 ? 'linear' : 'conv')
}

const applications = new WeakMap<ModuleDeclaration, { readonly name: string | undefined }>()

/** The function that a module calls with its parameter `weight` as the weight. */
function applied(declaration: ModuleDeclaration): string | undefined {
  const known = applications.get(declaration)
  if (known) return known.name
  let name: string | undefined
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if (isCall(node) && node.callee.kind === 'name' && layerFunctions.has(node.callee.name ?? '')) {
      const weight = node.arguments.find((a) => a.name?.text === 'weight') ?? node.arguments[1]
      if (weight?.value.kind === 'name' && weight.value.name === 'weight') name = node.callee.name
    }
    for (const child of Object.values(node)) walk(child)
  }
  walk(declaration.members.filter((m) => m.kind === 'fn').map((m) => m.body))
  applications.set(declaration, { name })
  return name
}

/** The functions of operators beside whose weight an adapter can stand. */
export const layerFunctions: ReadonlySet<string> = new Set(['linear', 'conv'])

interface Call {
  readonly kind: 'call'
  readonly callee: { readonly kind: string; readonly name?: string }
  readonly arguments: readonly {
    readonly name?: { readonly text: string }
    readonly value: { readonly kind: string; readonly name?: string }
  }[]
}

const isCall = (node: object): node is Call => 'kind' in node && node.kind === 'call'

/** The factors with peft's names, shapes and initial values: A as torch starts a layer's weight, B zero. */
function layerOf(adapter: AdaptedLayer['adapter'], module: string, { weights }: Instance): AdaptedLayer {
  const weight = weights.get('weight')
  const [out, ...rest] = weight?.type.shape ?? []
  if (!weight || out === undefined) throw new Error('a layer without a weight')
  const { rank, name } = adapter
  // kaiming_uniform with a = sqrt(5) is uniform within 1 / sqrt(fan_in)
  const bound = 1 / Math.sqrt(elementCount(rest))
  const factor = (letter: 'A' | 'B', shape: readonly number[], init: Initializer): PlacedWeight => {
    const own: Weight = { ...weight, type: { dtype: 'f32', shape }, init, origins: [] }
    return {
      model: name,
      path: joinPath(joinPath('base_model.model', module), `lora_${letter}.weight`),
      weight: own,
    }
  }
  const kernel = rest.slice(1).map(() => 1)
  return {
    adapter,
    module,
    weight: { model: adapter.model, path: joinPath(module, 'weight'), weight },
    a: factor('A', [rank, ...rest], { kind: 'uniform', low: -bound, high: bound }),
    b: factor('B', [out, rank, ...kernel], { kind: 'constant', value: 0 }),
  }
}
