import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { elementCount, formatType, isFloat, type Tensor, tensor, type TensorType } from '../graph/types.js'
import { flag } from './_attributes.js'
import { affineIndex, at, strides } from './_index.js'
import { checkAxes, constantInts, floatTypes, given, ints, requireTypes, wrapAxis } from './_types.js'
import type { Arguments, LanguageFunction } from './language.js'
import type { DType } from '../graph/types.js'
import { type Operator, type RowAxis, TypeMismatch } from './operator.js'
import type { SampleRandom } from './sample.js'

/** What differs between reductions. The axes are a constant input (absent: all), as in ONNX from opset 18 on. */
export interface Reduction {
  readonly name: string
  readonly word: string
  readonly doc: string
  readonly accepts?: readonly DType[]
  readonly reduces?: Operator['reduces']
  readonly f: (values: Float64Array) => number
  /** The cotangent of x from those of y, which keep the reduced axes with size 1. */
  cotangent(b: Builder, r: { x: Value; y: Value; g: Value; axes: readonly number[]; count: number }): Value
  sample?(random: SampleRandom, shape: readonly number[]): Tensor
}

export function reduction(spec: Reduction): Operator {
  const { name, word, doc, accepts = floatTypes, f } = spec
  return {
    name,
    domain: '',
    doc,
    attributes: { keepdims: 1 },
    infer(inputs, attributes) {
      const x = given(inputs, 0)
      requireTypes(word, accepts, x)
      checkAxes(word, axesOf(inputs), x.type)
      return [reducedType(x.type, wrapped(axesOf(inputs), x.type.shape), flag(attributes, 'keepdims'))]
    },
    value(inputs, attributes) {
      const x = given(inputs, 0)
      const axes = inputs[1] ? ints(inputs[1]) : []
      return [reduceData(x, wrapped(axes, x.shape), flag(attributes, 'keepdims'), f)]
    },
    derivative: {
      kind: 'rule',
      rule({ b, node, inputs, outputs, cotangent }) {
        const [x, y] = [given(inputs, 0), given(outputs, 0)]
        const axes = wrapped(axesOf(node.inputs), x.type.shape)
        const kept = reducedType(x.type, axes, true).shape
        const count = elementCount(x.type.shape) / elementCount(kept)
        return [
          () => spec.cotangent(b, { x, y: b.reshape(y, kept), g: b.reshape(cotangent, kept), axes, count }),
          null,
        ]
      },
    },
    narrow: 'none',
    flops: ([x]) => elementCount(x?.shape ?? []),
    rows: ([row = null], inputs, _, attributes) => {
      const shape = given(inputs, 0).type.shape
      return [reducedRow(row, wrapped(axesOf(inputs), shape), flag(attributes, 'keepdims'))]
    },
    ...(spec.reduces && { reduces: spec.reduces }),
    language: [reductionFunction(spec)],
    sample(random) {
      const shape = random.shape(0, 4)
      const axes = random.permutation(shape.length).slice(0, random.int(0, shape.length))
      const signed = axes.map((a) => (random.bool() ? a : a - shape.length))
      const x = spec.sample ? spec.sample(random, shape) : random.tensor(shape)
      return {
        inputs: [x, axes.length === 0 ? null : tensor('i64', [axes.length], signed)],
        attributes: { keepdims: random.int(0, 1) },
      }
    },
  }
}

export const axesOf = (inputs: readonly (Value | null)[]): number[] =>
  inputs[1] ? constantInts(inputs[1]) : []

/** None of no elements is the largest, or the smallest. */
export function requireElements(word: string, axes: readonly number[], type: TensorType): void {
  const axis = axes.find((a) => type.shape[a] === 0)
  if (axis === undefined) return
  throw new TypeMismatch(`${word} of nothing: axis ${axis} of ${formatType(type)} has size 0`)
}

/** No axes mean all of them. */
export const wrapped = (axes: readonly number[], shape: readonly number[]): number[] =>
  axes.length === 0 ? shape.map((_, i) => i) : axes.map((a) => wrapAxis(a, shape.length))

export function reducedType(x: TensorType, axes: readonly number[], keep: boolean): TensorType {
  const shape = x.shape.flatMap((d, i) => (axes.includes(i) ? (keep ? [1] : []) : [d]))
  return { dtype: x.dtype, shape }
}

export function reducedRow(row: RowAxis, axes: readonly number[], keep: boolean): RowAxis | 'coupled' {
  if (row === null) return null
  if (axes.includes(row)) return 'coupled'
  return keep ? row : row - axes.filter((a) => a < row).length
}

/** f of the elements along the axes, in row-major order. */
export function reduceData(
  x: Tensor,
  axes: readonly number[],
  keep: boolean,
  f: (values: Float64Array) => number,
): Tensor {
  const own = strides(x.shape)
  const of = (inside: boolean): Int32Array => {
    const chosen = x.shape.map((_, i) => i).filter((i) => axes.includes(i) === inside)
    return affineIndex(
      chosen.map((i) => x.shape[i] ?? 1),
      chosen.map((i) => own[i] ?? 0),
    )
  }
  const within = of(true)
  const result = Float64Array.from(of(false), (start) =>
    f(Float64Array.from(within, (step) => at(x.data, start + step))),
  )
  return tensor(x.dtype, reducedType(x, axes, keep).shape, result)
}

const reductionFunction = ({ name: op, word: name, doc, reduces }: Reduction): LanguageFunction => ({
  name,
  doc: `${doc} \`axis\` is one axis or a list (default: all axes); \`keep\` leaves them with size 1.`,
  parameters: [
    { name: 'x', kind: 'tensor' },
    { name: 'axis', kind: 'ints', default: null },
    { name: 'keep', kind: 'bool', default: false },
  ],
  build(b, args) {
    const x = args.tensor('x')
    const axes = axisArgument(args, x)
    const keep = args.bool('keep')
    checkAxes(name, axes, x.type)
    if (axes.length === 0) return x
    const sizes = wrapped(axes, x.type.shape).map((axis) => x.type.shape[axis])
    if (reduces === 'mean' && sizes.includes(0)) return ofNothing(b, x, axes, keep)
    if (reduces === 'one') requireElements(name, wrapped(axes, x.type.shape), x.type)
    const attributes = { keepdims: keep ? 1 : 0 }
    const result = b.op(op, [x, b.ints(axes)], attributes)
    return reduces === 'one' ? orNaN(b, x, axes, attributes, result) : result
  },
})

/** The mean of no elements, which onnxruntime's kernel takes for 0. */
function ofNothing(b: Builder, x: Value, axes: readonly number[], keep: boolean): Value {
  const { dtype, shape } = reducedType(x.type, wrapped(axes, x.type.shape), keep)
  return b.expand(b.scalar(NaN, dtype), shape)
}

/** onnxruntime's kernels of the largest and the smallest element pass over some NaNs: they are looked for. */
function orNaN(b: Builder, x: Value, axes: readonly number[], attributes: Attributes, result: Value): Value {
  if (!isFloat(x.type.dtype)) return result
  const marks = b.cast(b.op('IsNaN', [x]), 'f32')
  const any = b.cast(b.op('ReduceMax', [marks, b.ints(axes)], attributes), 'bool')
  return b.where(any, b.scalar(NaN, x.type.dtype), result)
}

/** The axes asked for; all when none are named. */
const axisArgument = (args: Arguments, x: Value): readonly number[] =>
  args.has('axis') ? args.ints('axis') : x.type.shape.map((_, i) => i)
