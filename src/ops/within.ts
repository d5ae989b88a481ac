import { type Attributes, type Value, constantOf } from '../graph/graph.js'
import type { Builder } from '../graph/builder.js'
import { tensor } from '../graph/types.js'
import { number, numbers } from './_attributes.js'
import { atCaller } from './_caller.js'
import { given, integerTypes, requireTypes } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

/**
 * States where entries must lie. Lowering follows them to the data that they come from, where the runner checks them;
 * what is computed on the way is known to be inside, or is made to fail where it is read.
 */
const within: Operator = {
  name: 'Within',
  domain: 'dcrc',
  doc: 'x itself, integers of which each is at least `low` and below `below`, or one of `except`. What is less than `low` is `below` in its place where there is no `except`, so that reading by it fails.',
  attributes: { except: [] },
  withoutDefault: ['low', 'below'],
  infer(inputs) {
    const x = given(inputs, 0)
    requireTypes('within', integerTypes, x)
    return [x.type]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const { low, below, except } = limitsOf(attributes)
    if (except.length > 0) return [x]
    return [
      tensor(
        x.dtype,
        x.shape,
        x.data.map((v) => (v < low ? below : v)),
      ),
    ]
  },
  derivative: { kind: 'zero' },
  narrow: 'none',
  flops: () => 0,
  rows: ([row = null]) => [row],
  language: [
    {
      name: 'within',
      doc: 'x itself, integers of which each is at least `low` and below `below`, or one of `except`: others are an error of a run, which names the row of the data that they come from.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'low', kind: 'int' },
        { name: 'below', kind: 'int' },
        { name: 'except', kind: 'ints', default: [] },
      ],
      build(b, args) {
        const limits = { low: args.int('low'), below: args.int('below'), except: args.ints('except') }
        return confined(b, 'within', args.tensor('x'), limits)
      },
    },
  ],
  sample(random) {
    const size = random.int(1, 5)
    return {
      inputs: [random.ints(random.shape(), -2, size + 1)],
      attributes: { low: 0, below: size, except: random.bool() ? [-2] : [] },
    }
  },
}
export default within

export interface Limits {
  readonly low: number
  readonly below: number
  readonly except: readonly number[]
}

export const limitsOf = (attributes: Attributes): Limits => ({
  low: number(attributes, 'low'),
  below: number(attributes, 'below'),
  except: numbers(attributes, 'except'),
})

/** Integers that a program states to lie within limits; constants are looked at here. */
export function confined(b: Builder, word: string, x: Value, limits: Limits): Value {
  requireTypes(`${word}'s index tensor`, integerTypes, x)
  const { low, below, except } = limits
  const known = constantOf(x)
  if (!known) return atCaller(b, () => b.op('Within', [x], { low, below, except }))
  const outside = known.data.find((v) => (v < low || v >= below) && !except.includes(v))
  if (outside === undefined) return x
  throw new TypeMismatch(`${word}: index ${outside} is outside of ${low}..${below}`)
}

/** Indices along an axis of a size. */
export const indicesWithin = (b: Builder, word: string, indices: Value, size: number): Value =>
  confined(b, word, indices, { low: 0, below: size, except: [] })

/** What reads by indices: those that only a run knows may be wrong. */
export const readingBy = (b: Builder, indices: Value, make: () => Value): Value =>
  constantOf(indices) ? make() : atCaller(b, make)
