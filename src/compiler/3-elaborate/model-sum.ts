import { differentModels } from '../../diagnostics/catalogue/state.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Builder } from '../../graph/builder.js'
import type { Value } from '../../graph/graph.js'
import { formatType, isFloat, sameShape } from '../../graph/types.js'
import type { BinaryOperator } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import { placedParameters } from './model-tree.js'
import type { Place } from './place.js'
import { type Instance, type ModelSum, type Val, describe } from './values.js'

export const isModel = ({ kind }: Val): boolean =>
  kind === 'instance' || kind === 'frozen' || kind === 'model-sum'

/** A path of a model as seen from a part of it. */
export const pathBelow = (path: string, { path: root }: Place): string =>
  root === '' ? path : path.slice(root.length + 1)

/**
 * A model as its parameters, for arithmetic: `m * teacher + (1.0 - m) * net` goes parameter by parameter, as gradients
 * do, through float states too. Integer states, such as counts of batches, are copied from the model that is not `target`.
 */
export function modelSum(x: Elaboration, value: Val, target: string | undefined, span: Span): ModelSum {
  if (value.kind === 'model-sum') return value
  const instance = value.kind === 'frozen' ? value.instance : value
  if (instance.kind !== 'instance' || !instance.place)
    return fail(wrongType(span, { wanted: 'a model, or a number', got: describe(value) }))
  const { place } = instance
  const parts = new Map<string, Value>()
  const counts = new Map<string, Value>()
  for (const { model, path, weight } of placedParameters(instance)) {
    const into = isFloat(weight.type.dtype) ? parts : model === target ? undefined : counts
    into?.set(pathBelow(path, place), x.read(model, path, weight))
  }
  return {
    kind: 'model-sum',
    parts,
    counts,
    of: `\`${place.path === '' ? place.model : `${place.model}.${place.path}`}\``,
  }
}

/** Arithmetic of models: sums, and products with and quotients by one number. */
export function modelBinary(
  x: Elaboration,
  operator: BinaryOperator,
  [left, right]: readonly [Val, Val],
  span: Span,
): ModelSum {
  const sum = (v: Val): ModelSum => modelSum(x, v, x.nextOf, span)
  return x.build(span, (b) => {
    if (isModel(left) && isModel(right) && (operator === '+' || operator === '-'))
      return combined(sum(left), sum(right), operator === '+' ? b.add : b.sub, span)
    if (isModel(left) && !isModel(right) && (operator === '*' || operator === '/')) {
      const factor = scalarOf(b, right, span)
      return scaled(sum(left), (v) => (operator === '*' ? b.mul(v, factor) : b.div(v, factor)))
    }
    if (isModel(right) && !isModel(left) && operator === '*') {
      const factor = scalarOf(b, left, span)
      return scaled(sum(right), (v) => b.mul(v, factor))
    }
    const message = `\`${operator}\` between ${describe(left)} and ${describe(right)} has no meaning parameter by parameter`
    return fail(
      differentModels(span, { message, help: 'models are added, subtracted and scaled by one number' }),
    )
  })
}

const scaled = (sum: ModelSum, f: (v: Value) => Value): ModelSum => ({
  ...sum,
  parts: new Map([...sum.parts].map(([path, v]) => [path, f(v)])),
})

function combined(a: ModelSum, b: ModelSum, f: (p: Value, q: Value) => Value, span: Span): ModelSum {
  const missing =
    [...a.parts.keys()].find((path) => !b.parts.has(path)) ??
    [...b.parts.keys()].find((path) => !a.parts.has(path))
  if (missing !== undefined)
    return fail(
      differentModels(span, { message: `only one of ${a.of} and ${b.of} has the parameter \`${missing}\`` }),
    )
  const parts = [...a.parts].map(([path, p]): [string, Value] => {
    const q = b.parts.get(path) ?? p
    if (sameShape(p.type.shape, q.type.shape)) return [path, f(p, q)]
    const message = `the parameter \`${path}\` is ${formatType(p.type)} in ${a.of} and ${formatType(q.type)} in ${b.of}`
    return fail(differentModels(span, { message }))
  })
  return { kind: 'model-sum', parts: new Map(parts), counts: new Map([...a.counts, ...b.counts]), of: a.of }
}

function scalarOf(b: Builder, v: Val, span: Span): Value {
  if (v.kind === 'int' || v.kind === 'float') return b.scalar(v.value)
  if (v.kind === 'tensor' && v.value.type.shape.length === 0 && isFloat(v.value.type.dtype)) return v.value
  const got = v.kind === 'tensor' ? formatType(v.value.type) : describe(v)
  return fail(
    differentModels(span, {
      message: `a model is scaled by one number, this is ${got}`,
      help: 'one number fits parameters of all shapes',
    }),
  )
}

/** A next value for every parameter and state of a copy; integer states that no other model gives stay as they are. */
export function asModel(
  x: Elaboration,
  value: Val,
  target: Instance,
  span: Span,
): readonly { readonly path: string; readonly value: Value }[] {
  const given = modelSum(x, value, x.nextOf, span)
  const own = placedParameters(target)
  const extra = [...given.parts.keys()].find((path) => !own.some((p) => p.path === path))
  if (extra !== undefined)
    return fail(
      differentModels(span, {
        message: `${describe(target)}, which is copied, has no parameter \`${extra}\``,
      }),
    )
  return own.flatMap(({ path, weight: { type } }) => {
    const next = (isFloat(type.dtype) ? given.parts : given.counts).get(path)
    if (!next && !isFloat(type.dtype)) return []
    if (next && sameShape(next.type.shape, type.shape)) return [{ path, value: next }]
    const got = next ? `is ${formatType(next.type)} there` : 'is not there'
    return fail(
      differentModels(span, {
        message: `the parameter \`${path}\` of the copy, ${formatType(type)}, ${got}`,
        help: 'the next value of a copy is a sum of it and of models like it',
      }),
    )
  })
}
