import type { Builder } from '../graph/builder.js'
import { type Attributes, constantOf, type Value } from '../graph/graph.js'
import { type DType, type Tensor, elementCount, tensor } from '../graph/types.js'
import { broadcastRows, broadcastShape, expandData, shapesOf } from './_broadcast.js'
import { at } from './_index.js'
import { floatTypes, given, requireSameType, requireTypes } from './_types.js'
import type { LanguageFunction, NumbersGive } from './language.js'
import type { Derivative, DerivativeContext, Memory, Operator, Sample } from './operator.js'
import type { SampleRandom } from './sample.js'

/** Of sample values: from `low` to `high`, none closer to zero than `apart`. */
interface Range {
  readonly low?: number
  readonly high?: number
  readonly apart?: number
}

/** What differs between operators of one operand. */
interface Unary {
  readonly name: string
  /** Its name in messages, and in the language unless `language` says otherwise. */
  readonly word: string
  readonly doc: string
  readonly accepts?: readonly DType[]
  readonly domain?: Operator['domain']
  /** Floats that the operator takes, with their defaults; in the language they are parameters of these names. */
  readonly settings?: Readonly<Record<string, number>>
  readonly result?: 'same' | 'bool'
  readonly f: (x: number, attributes: Attributes) => number
  /** The cotangent of x, or that it is zero. */
  readonly derivative: 'zero' | ((c: DerivativeContext, x: Value, y: Value) => Value)
  /** Range of sample values, kept apart from a kink at zero, or how to make them. */
  readonly sample?: Range | ((random: SampleRandom, shape: readonly number[]) => Tensor)
  /** False: the language reaches it by an operator sign or not at all. */
  readonly language?: boolean
  /** Its function takes static numbers too, and gives a float or, for an int, an int. */
  readonly numbers?: NumbersGive
  /** Absent: all. */
  readonly narrow?: Operator['narrow']
  readonly inPlace?: boolean
  readonly workspace?: Memory['workspace']
}

/** An operator y[i] = f(x[i]). */
export function unary(spec: Unary): Operator {
  const { name, word, doc, accepts = floatTypes, settings = {}, f, derivative } = spec
  const resultType = (dtype: DType): DType => (spec.result === 'bool' ? 'bool' : dtype)
  return {
    name,
    domain: spec.domain ?? '',
    doc,
    attributes: settings,
    infer(inputs) {
      const x = given(inputs, 0)
      requireTypes(word, accepts, x)
      return [{ dtype: resultType(x.type.dtype), shape: x.type.shape }]
    },
    value(inputs, attributes) {
      const x = given(inputs, 0)
      return [
        tensor(
          resultType(x.dtype),
          x.shape,
          x.data.map((v) => f(v, attributes)),
        ),
      ]
    },
    derivative:
      derivative === 'zero'
        ? { kind: 'zero' }
        : { kind: 'rule', rule: (c) => [() => derivative(c, given(c.inputs, 0), given(c.outputs, 0))] },
    narrow: spec.narrow ?? 'all',
    flops: (_, [y]) => elementCount(y?.shape ?? []),
    rows: ([row]) => [row ?? null],
    // What a later phase replaces is to be found as it stands.
    ...(spec.domain === 'dcrc' ? {} : { broadcasts: 0 }),
    memory: {
      ...(spec.inPlace && { inPlace: true }),
      ...(spec.workspace && { workspace: spec.workspace }),
    },
    language: spec.language === false ? [] : [unaryFunction(spec, settings)],
    sample(random) {
      const shape = random.shape()
      const floats =
        typeof spec.sample === 'function' ? spec.sample(random, shape) : random.tensor(shape, spec.sample)
      const factor = random.pick([1, 0.5])
      const attributes = Object.fromEntries(Object.entries(settings).map(([key, v]) => [key, factor * v]))
      return { inputs: [accepts.includes('f32') ? floats : random.bools(shape)], attributes }
    },
  }
}

function unaryFunction(
  { name, word, doc, numbers, f }: Unary,
  settings: Readonly<Record<string, number>>,
): LanguageFunction {
  const names = Object.keys(settings)
  return {
    name: word,
    doc,
    parameters: [
      { name: 'x', kind: 'tensor' },
      ...names.map((key) => ({ name: key, kind: 'float', default: settings[key] ?? null }) as const),
    ],
    build: (b, args) =>
      b.op(name, [args.tensor('x')], Object.fromEntries(names.map((key) => [key, args.float(key)]))),
    ...(numbers && { onNumbers: { f: (x) => f(x ?? NaN, settings), gives: numbers } }),
  }
}

/** What differs between operators of two operands. */
interface Binary {
  readonly name: string
  readonly word: string
  readonly doc: string
  readonly accepts: readonly DType[]
  readonly result?: 'same' | 'bool'
  readonly attributes?: Attributes
  readonly f: (x: number, y: number, dtype: DType, attributes: Attributes) => number
  readonly derivative: Derivative
  readonly commutative?: boolean
  /** Absent: all. */
  readonly narrow?: Operator['narrow']
  readonly offset?: Operator['offset']
  readonly range?: Operator['range']
  /** The language function that calls it, if an operator sign does not suffice. */
  readonly call?: string
  /** That function takes static numbers too, and gives a float or, for ints, an int. */
  readonly numbers?: NumbersGive
  readonly sample: (random: SampleRandom) => Sample
}

/** An operator z[i] = f(x[i], y[i]) with NumPy's broadcasting. */
export function binary(spec: Binary): Operator {
  const { name, word, doc, accepts, attributes: defaults = {}, f } = spec
  return {
    name,
    domain: '',
    doc,
    attributes: defaults,
    infer(inputs) {
      const [x, y] = [given(inputs, 0), given(inputs, 1)]
      requireTypes(word, accepts, x, y)
      requireSameType(word, x, y)
      return [
        {
          dtype: spec.result === 'bool' ? 'bool' : x.type.dtype,
          shape: broadcastShape(word, [x.type, y.type]),
        },
      ]
    },
    value(inputs, attributes) {
      const [x, y] = [given(inputs, 0), given(inputs, 1)]
      const shape = broadcastShape(word, [x, y])
      const [xs, ys] = [expandData(x, shape), expandData(y, shape)]
      return [
        tensor(
          spec.result === 'bool' ? 'bool' : x.dtype,
          shape,
          xs.map((v, i) => f(v, at(ys, i), x.dtype, attributes)),
        ),
      ]
    },
    derivative: spec.derivative,
    narrow: spec.narrow ?? 'all',
    flops: (_, [z]) => elementCount(z?.shape ?? []),
    rows: (rows, inputs, [z]) => [broadcastRows(rows, shapesOf(inputs), z?.shape ?? [])],
    broadcasts: 0,
    commutative: spec.commutative ?? false,
    ...(spec.offset && { offset: spec.offset }),
    ...(spec.range && { range: spec.range }),
    language: spec.call === undefined ? [] : [binaryFunction(spec, spec.call)],
    sample: spec.sample,
  }
}

const binaryFunction = ({ name: op, doc, numbers, f }: Binary, name: string): LanguageFunction => ({
  name,
  doc,
  parameters: [
    { name: 'x', kind: 'tensor' },
    { name: 'y', kind: 'tensor' },
  ],
  build: (b, args) => b.op(op, alignScalars(b, args.tensor('x'), args.tensor('y'))),
  ...(numbers && { onNumbers: { f: (x, y) => f(x ?? NaN, y ?? NaN, 'f64', {}), gives: numbers } }),
})

/** A constant scalar takes the element type of the other operand, where its number exists there. */
export function alignScalars(b: Builder, x: Value, y: Value): [Value, Value] {
  if (x.type.dtype === y.type.dtype) return [x, y]
  return [toType(b, x, y.type.dtype), toType(b, y, x.type.dtype)]
}

function toType(b: Builder, value: Value, dtype: DType): Value {
  const constant = constantOf(value)
  const [number] = constant?.data ?? []
  if (constant?.shape.length !== 0 || number === undefined || dtype === 'bool') return value
  return floatTypes.includes(dtype) || Number.isInteger(number) ? b.scalar(number, dtype) : value
}

/** Two float operands of random broadcasting shapes. */
export const floatPair =
  (x: Range = {}, y: Range = x) =>
  (random: SampleRandom): Sample => {
    const [a, c] = random.broadcastPair()
    return { inputs: [random.tensor(a, x), random.tensor(c, y)], attributes: {} }
  }
