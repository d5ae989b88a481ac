import { unknownName } from '../../diagnostics/catalogue/name.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Expression } from '../1-parse/syntax.js'
import type { DType } from '../../graph/types.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { bindStatic, missingArgument, numberOf } from './arguments.js'
import { type Val, describe, tensorVal } from './values.js'

/** The distributions that `draw` knows, by name. */
const distributions: Readonly<Record<string, SpecialDistribution>> = {
  normal: { parameters: [], make: () => ({ distribution: { kind: 'normal' }, dtype: 'f32' }) },
  uniform: {
    parameters: [
      { name: 'low', default: 0 },
      { name: 'high', default: 1 },
    ],
    make: ([low = 0, high = 1]) => ({ distribution: { kind: 'uniform', low, high }, dtype: 'f32' }),
  },
  randint: {
    parameters: [{ name: 'low' }, { name: 'high' }],
    make: ([low = 0, high = 1]) => ({ distribution: { kind: 'randint', low, high }, dtype: 'i64' }),
  },
}

interface SpecialDistribution {
  readonly parameters: readonly { readonly name: string; readonly default?: number }[]
  make(values: readonly number[]): Omit<Val & { kind: 'distribution' }, 'kind'>
}

/** The names that mean a distribution after `draw`. */
export const distributionNames = Object.keys(distributions)

/** `draw normal of [n, 3]`, `draw uniform(0, 1) like x`: a graph input that the runner fills anew at each step. */
export function draw(x: Elaboration, e: Expression & { kind: 'draw' }, env: Environment): Val {
  const { distribution, dtype } = distributionOf(x, e.distribution, env)
  const shape = e.like ? likeShape(x, e.like, env) : (e.shape ?? []).map((d) => dimension(x, d, env))
  return tensorVal(x.draw(distribution, { dtype, shape }, e.span))
}

function likeShape(x: Elaboration, e: Expression, env: Environment): readonly number[] {
  const value = evaluate(x, e, env)
  return value.kind === 'tensor'
    ? value.value.type.shape
    : fail(wrongType(e.span, { wanted: 'a tensor', got: describe(value), where: '`like`' }))
}

function dimension(x: Elaboration, e: Expression, env: Environment): number {
  const value = evaluate(x, e, env)
  if (value.kind === 'int' && value.value >= 1) return value.value
  return fail(wrongType(e.span, { wanted: 'a dimension, at least 1', got: describe(value) }))
}

function distributionOf(
  x: Elaboration,
  e: Expression,
  env: Environment,
): { distribution: (Val & { kind: 'distribution' })['distribution']; dtype: DType } {
  const [callee, args] = e.kind === 'call' ? [e.callee, e.arguments] : [e, []]
  const definition =
    callee.kind === 'name' && Object.hasOwn(distributions, callee.name)
      ? distributions[callee.name]
      : undefined
  if (callee.kind !== 'name') {
    const wanted = `a distribution (${distributionNames.join(', ')})`
    return fail(wrongType(e.span, { wanted, got: 'something else', where: '`draw`' }))
  }
  const { name } = callee
  if (!definition) {
    const suggestion = closest(name, distributionNames)
    return fail(
      unknownName(callee.span, { name, what: 'distribution', suggestion, known: distributionNames }),
    )
  }
  const names = definition.parameters.map((p) => p.name)
  const given = bindStatic(x, name, names, args, new Environment(env), e.span)
  const values = x.mistakes.each(definition.parameters, (p) => {
    const value = given.get(p.name)
    if (value) return numberOf(value.value, value.span)
    return p.default ?? missingArgument(name, p.name, names, e.span)
  })
  const made = definition.make(values)
  const d = made.distribution
  if (d.kind !== 'normal' && !(d.low < d.high)) {
    return fail(
      wrongType(e.span, { wanted: 'low < high', got: `${d.low} and ${d.high}`, where: `\`${name}\`` }),
    )
  }
  if (d.kind === 'randint' && !(Number.isInteger(d.low) && Number.isInteger(d.high))) {
    return fail(
      wrongType(e.span, { wanted: 'whole numbers', got: `${d.low} and ${d.high}`, where: `\`${name}\`` }),
    )
  }
  return made
}
