import { groupedConvolution } from '../../diagnostics/catalogue/adapter.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Builder } from '../../graph/builder.js'
import { type Value, producer } from '../../graph/graph.js'
import { Arguments, type LanguageFunction } from '../../ops/language.js'
import { type AdaptedLayer, layerFunctions, layerKey } from './adapter.js'
import { dropped } from './dropout.js'
import { type Elaboration, fail } from './elaboration.js'

/**
 * What `linear` or `conv` gives where the stage at hand has an adapter beside the weight: the branch
 * (alpha / rank) B A dropout(x) added, or, in evaluations, the call with the merged weight. Undefined where it has none.
 */
export function callAdapted(
  x: Elaboration,
  definition: LanguageFunction,
  converted: ReadonlyMap<string, unknown>,
  span: Span,
): Value | undefined {
  if (!layerFunctions.has(definition.name)) return undefined
  const args = new Arguments(converted)
  const weight = args.tensor('weight')
  const { source } = parameterBehind(weight)
  const layer = source.kind === 'parameter' ? x.adapted.get(layerKey(source)) : undefined
  const state = layer && x.facts.adapters.get(layer.adapter.name)
  if (!layer || !state) return undefined
  const { adapter } = layer
  const groups = definition.name === 'conv' ? args.int('groups') : 1
  if (groups !== 1) {
    const path = `${layer.weight.model}.${layer.weight.path}`
    return fail(groupedConvolution(span, { path, adapter: adapter.name, groups }))
  }
  const frozen = x.isFrozen(layer.weight)
  const [a, b] = [layer.a, layer.b].map((factor) => {
    const value = x.read(factor.model, factor.path, factor.weight)
    return frozen ? x.b.op('StopGradient', [value]) : value
  })
  if (!a || !b) throw new Error('an adapter has two factors')
  const build = (changes: Readonly<Record<string, unknown>>, rest = converted): Value =>
    x.build(span, (builder) => {
      const value = definition.build(builder, new Arguments(new Map([...rest, ...Object.entries(changes)])))
      if (Array.isArray(value)) throw new Error(`${definition.name} gives one tensor`)
      return value as Value
    })
  const scale = adapter.alpha / adapter.rank
  if (state === 'merged') return build({ weight: x.build(span, (g) => merged(g, weight, a, b, scale)) })
  const rate = state === 'trained' && !frozen ? adapter.dropout : 0
  const input = rate > 0 ? droppedInput(x, layer, args.tensor('x'), span) : args.tensor('x')
  const narrow = build({ x: input, weight: a, bias: null })
  // B is applied point by point: as a convolution, with the defaults of stride, padding and dilation.
  const branch = build({ x: narrow, weight: b }, defaultsOf(definition))
  const base = build({})
  return x.build(span, (g) => g.add(base, g.scale(branch, scale / (1 - rate))))
}

/** The parameter that a weight is, through what says how it is read. */
function parameterBehind(weight: Value): Value {
  const node = producer(weight)
  const stopped = node?.op === 'StopGradient'
  const updated = node?.op === 'Updated'
  return ((stopped || updated) && node.inputs[0]) || weight
}

const defaultsOf = ({ parameters }: LanguageFunction): ReadonlyMap<string, unknown> =>
  new Map(parameters.map((p) => [p.name, p.default]))

/** W + (alpha / rank) B A, A and B as matrices. */
function merged(g: Builder, weight: Value, a: Value, b: Value, scale: number): Value {
  const { shape } = weight.type
  const [rank = 1, ...rest] = a.type.shape
  const wide = g.reshape(a, [rank, rest.reduce((n, d) => n * d, 1)])
  const tall = g.reshape(b, [shape[0] ?? 1, rank])
  return g.add(weight, g.reshape(g.scale(g.matmul(tall, wide), scale), shape))
}

/** The input of a branch with some entries set to 0; what makes the rest larger stands with the scale of the branch. */
const droppedInput = (x: Elaboration, { adapter, module }: AdaptedLayer, input: Value, span: Span): Value =>
  x.drawPath.within(module === '' ? adapter.name : `${adapter.name}/${module}`, () =>
    dropped(x, input, adapter.dropout, span),
  )
