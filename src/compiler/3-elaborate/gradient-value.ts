import { shapeMismatch, wrongType } from '../../diagnostics/catalogue/type.js'
import { noTrained } from '../../diagnostics/catalogue/gradient.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Builder } from '../../graph/builder.js'
import type { Value } from '../../graph/graph.js'
import { formatType, isFloat } from '../../graph/types.js'
import type { BinaryOperator } from '../1-parse/syntax.js'
import { adapterParameters } from './adapter.js'
import { type Elaboration, fail } from './elaboration.js'
import type { PlacedWeight } from './facts.js'
import { trainable } from './model-tree.js'
import { type GradientVal, type Val, describe, tensorVal } from './values.js'

/** The parameters that `grad(loss, x)` differentiates by, where x is no tensor. */
export function differentiated(x: Elaboration, at: Val, span: Span): readonly PlacedWeight[] {
  if (at.kind === 'trained') return x.facts.trained ?? fail(noTrained(span, undefined))
  if (at.kind === 'adapter') return adapterParameters(at.adapter)
  const parameters = at.kind === 'instance' || at.kind === 'list' ? trainable(at) : []
  if (parameters.length > 0) return parameters
  const wanted = 'a tensor, a model or a part of one, an adapter, or `trained`'
  return fail(wrongType(span, { wanted, got: describe(at), where: '`x` of `grad`' }))
}

/** The gradient of a scalar with respect to parameters: one backward pass for all of them. */
export function parameterGradient(
  x: Elaboration,
  loss: Value,
  parameters: readonly PlacedWeight[],
  span: Span,
): GradientVal {
  const targets = parameters.map(({ model, path, weight }) => x.parameter(model, path, weight))
  const found = x.build(span, (b) => b.node('Gradient', [loss, ...targets], { partial: 1 }))
  const parts = parameters.flatMap(({ model, path }, i): [string, Value][] => {
    const part = found[i]
    return part ? [[`${model}/${path}`, part]] : []
  })
  return { kind: 'gradient', parts: new Map(parts) }
}

/** Arithmetic of gradients as vectors: sums, products of entries, and products with and quotients by one number. */
export function gradientBinary(
  x: Elaboration,
  operator: BinaryOperator,
  left: Val,
  right: Val,
  span: Span,
): Val {
  return x.build(span, (b) => {
    if (left.kind === 'gradient' && right.kind === 'gradient') {
      if (operator === '+') return union(left, right, b.add, (v) => v)
      if (operator === '-') return union(left, right, b.sub, b.neg)
      if (operator === '*') return shared(left, right, b.mul)
    } else if (left.kind === 'gradient' && (operator === '*' || operator === '/')) {
      const factor = scalarOf(b, right, operator, span)
      return mapped(left, (v) => (operator === '*' ? b.mul(v, factor) : b.div(v, factor)))
    } else if (right.kind === 'gradient' && operator === '*') {
      const factor = scalarOf(b, left, operator, span)
      return mapped(right, (v) => b.mul(v, factor))
    }
    const wanted = 'a sum or product of gradients, or one with a number'
    const got = `${describe(left)} ${operator} ${describe(right)}`
    return fail(wrongType(span, { wanted, got }))
  })
}

export const negated = (x: Elaboration, gradient: GradientVal, span: Span): GradientVal =>
  x.build(span, (b) => mapped(gradient, b.neg))

/** The sum of all entries, as `sum(x)` of a tensor. */
export const sumOfEntries = (x: Elaboration, { parts }: GradientVal, span: Span): Val =>
  tensorVal(
    x.build(span, (b) => {
      const sums = [...parts.values()].map((v) =>
        b.sum(
          v,
          v.type.shape.map((_, axis) => axis),
        ),
      )
      return sums.length === 0 ? b.scalar(0) : sums.reduce((total, s) => b.add(total, s))
    }),
  )

const mapped = ({ parts }: GradientVal, f: (v: Value) => Value): GradientVal => ({
  kind: 'gradient',
  parts: new Map([...parts].map(([key, v]) => [key, f(v)])),
})

/** Entry by entry; a parameter that only one of them covers has zeros in the other. */
function union(
  { parts: a }: GradientVal,
  { parts: b }: GradientVal,
  both: (p: Value, q: Value) => Value,
  onlyRight: (q: Value) => Value,
): GradientVal {
  const parts = new Map(a)
  for (const [key, q] of b) {
    const p = a.get(key)
    parts.set(key, p ? both(p, q) : onlyRight(q))
  }
  return { kind: 'gradient', parts }
}

function shared(
  { parts: a }: GradientVal,
  { parts: b }: GradientVal,
  both: (p: Value, q: Value) => Value,
): GradientVal {
  const parts = [...a].flatMap(([key, p]): [string, Value][] => {
    const q = b.get(key)
    return q ? [[key, both(p, q)]] : []
  })
  return { kind: 'gradient', parts: new Map(parts) }
}

function scalarOf(b: Builder, v: Val, operator: BinaryOperator, span: Span): Value {
  if (v.kind === 'int' || v.kind === 'float') return b.scalar(v.value)
  if (v.kind === 'tensor' && v.value.type.shape.length === 0 && isFloat(v.value.type.dtype)) return v.value
  const got = v.kind === 'tensor' ? formatType(v.value.type) : describe(v)
  return fail(
    shapeMismatch(span, {
      message: `\`${operator}\` takes one number beside a gradient, this is ${got}`,
      help: 'a gradient holds tensors of many shapes; one number fits all of them',
    }),
  )
}
