import type { Attributes, Value } from '../graph/graph.js'
import { byteSize, elementCount, type Tensor, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { around, at } from './_index.js'
import { checkAxis, floatTypes, given, requireTypes, wide, wrapAxis } from './_types.js'
import type { DerivativeContext, Operator } from './operator.js'

/** What differs between Softmax and LogSoftmax. */
interface Form {
  readonly name: string
  readonly word: string
  readonly doc: string
  readonly narrow: Operator['narrow']
  /** From x minus its maximum and the sum of exp of that. */
  readonly f: (shifted: number, sum: number) => number
  readonly cotangent: (c: DerivativeContext, y: Value, axis: number) => Value
}

const softmax = ({ name, word, doc, narrow, f, cotangent }: Form): Operator => ({
  name,
  domain: '',
  doc,
  attributes: { axis: -1 },
  infer(inputs, attributes) {
    const x = given(inputs, 0)
    requireTypes(word, floatTypes, x)
    checkAxis(word, number(attributes, 'axis'), x.type)
    return [x.type]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    return [alongAxis(x, axisOf(attributes, x.shape), f)]
  },
  derivative: {
    kind: 'rule',
    rule: (c) => [
      () => {
        const axis = axisOf(c.node.attributes, given(c.inputs, 0).type.shape)
        const inWide = { ...c, cotangent: wide(c.b, c.cotangent) }
        return cotangent(inWide, wide(c.b, given(c.outputs, 0)), axis)
      },
    ],
  },
  narrow,
  flops: (_, [y]) => 5 * elementCount(y?.shape ?? []),
  rows: ([row = null], inputs, _, attributes) => [
    row !== null && row === axisOf(attributes, given(inputs, 0).type.shape) ? 'coupled' : row,
  ],
  memory: {
    inPlace: true,
    // Over another axis than the last the kernel works on a transposed copy of operand and result.
    workspace: ([y], attributes) =>
      y && axisOf(attributes, y.shape) !== y.shape.length - 1 ? 2 * byteSize(y) : 0,
  },
  language: [
    {
      name: word,
      doc,
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'axis', kind: 'int', default: -1 },
      ],
      build: (b, args) => b.op(name, [args.tensor('x')], { axis: args.int('axis') }),
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    return { inputs: [random.tensor(shape)], attributes: { axis: random.axis(shape.length) } }
  },
})

const axisOf = (attributes: Attributes, shape: readonly number[]): number =>
  wrapAxis(number(attributes, 'axis'), shape.length)

function alongAxis(x: Tensor, axis: number, f: Form['f']): Tensor {
  const [before, size, after] = around(x.shape, axis)
  const out = new Float64Array(x.data.length)
  for (let i = 0; i < before; i++) {
    for (let k = 0; k < after; k++) {
      const index = (j: number): number => (i * size + j) * after + k
      let top = -Infinity
      for (let j = 0; j < size; j++) top = Math.max(top, at(x.data, index(j)))
      let sum = 0
      for (let j = 0; j < size; j++) sum += Math.exp(at(x.data, index(j)) - top)
      for (let j = 0; j < size; j++) out[index(j)] = f(at(x.data, index(j)) - top, sum)
    }
  }
  return tensor(x.dtype, x.shape, out)
}

export default [
  softmax({
    name: 'Softmax',
    word: 'softmax',
    doc: 'exp(x) divided by its sum along an axis.',
    // Kernels of narrow types add up in f32.
    narrow: 'all',
    f: (x, sum) => Math.exp(x) / sum,
    cotangent: ({ b, cotangent: g }, y, axis) => b.mul(y, b.sub(g, b.sum(b.mul(g, y), [axis], true))),
  }),
  softmax({
    name: 'LogSoftmax',
    word: 'log_softmax',
    doc: 'The logarithm of softmax along an axis, computed without overflow.',
    narrow: 'none',
    f: (x, sum) => x - Math.log(sum),
    cotangent: ({ b, cotangent: g }, y, axis) => b.sub(g, b.mul(b.exp(y), b.sum(g, [axis], true))),
  }),
]
