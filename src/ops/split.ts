import type { Value } from '../graph/graph.js'
import { formatType, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { around } from './_index.js'
import { allTypes, checkAxis, constantInts, given, ints, requireTypes, wrapAxis } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const split: Operator = {
  name: 'Split',
  domain: '',
  doc: 'x cut into pieces of the given sizes along an axis.',
  attributes: { axis: 0 },
  infer(inputs, attributes) {
    const x = given(inputs, 0)
    requireTypes('split', allTypes, x)
    const axis = checkAxis('split', number(attributes, 'axis'), x.type)
    const sizes = constantInts(given(inputs, 1))
    const total = sizes.reduce((n, d) => n + d, 0)
    if (total !== x.type.shape[axis] || sizes.some((d) => !Number.isInteger(d) || d < 1)) {
      throw new TypeMismatch(
        `split along axis ${axis} of ${formatType(x.type)}: the sizes [${sizes.join(', ')}] do not add up to ${x.type.shape[axis]}`,
      )
    }
    return sizes.map((size) => ({ dtype: x.type.dtype, shape: x.type.shape.with(axis, size) }))
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const axis = wrapAxis(number(attributes, 'axis'), x.shape.length)
    const [before, size, after] = around(x.shape, axis)
    let start = 0
    return ints(given(inputs, 1)).map((part) => {
      const out = new Float64Array(before * part * after)
      for (let i = 0; i < before; i++) {
        const from = (i * size + start) * after
        out.set(x.data.subarray(from, from + part * after), i * part * after)
      }
      start += part
      return tensor(x.dtype, x.shape.with(axis, part), out)
    })
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, outputs, cotangents }) {
      const axis = wrapAxis(number(node.attributes, 'axis'), given(outputs, 0).type.shape.length)
      return [
        () =>
          b.concat(
            outputs.map((y, i) => cotangents[i] ?? b.zerosLike(y)),
            axis,
          ),
        null,
      ]
    },
  },
  moves: [0],
  narrow: 'all',
  flops: () => 0,
  rows: ([row = null], inputs, outputs, attributes) => {
    const axis = wrapAxis(number(attributes, 'axis'), given(inputs, 0).type.shape.length)
    return outputs.map(() => (row === axis && outputs.length > 1 ? 'coupled' : row))
  },
  language: [
    {
      name: 'split',
      doc: 'x cut into n equal pieces along an axis, as a list; a list of sizes cuts into pieces of those sizes.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'n', kind: 'ints' },
        { name: 'axis', kind: 'int', default: 0 },
      ],
      build(b, args) {
        const x = args.tensor('x')
        const axis = checkAxis('split', args.int('axis'), x.type)
        return b.node('Split', [x, b.ints(pieces(x, axis, args.ints('n')))], { axis })
      },
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    const axis = random.axis(shape.length)
    const sizes = Array.from({ length: random.int(1, 3) }, () => random.int(1, 3))
    const total = sizes.reduce((n, d) => n + d, 0)
    const x = random.tensor(shape.with(wrapAxis(axis, shape.length), total))
    return { inputs: [x, tensor('i64', [sizes.length], sizes)], attributes: { axis } }
  },
}
export default split

/** One number is a count of equal pieces, several are their sizes. */
function pieces(x: Value, axis: number, n: readonly number[]): readonly number[] {
  const [count] = n
  if (n.length !== 1 || count === undefined) return n
  const size = (x.type.shape[axis] ?? 0) / count
  if (!Number.isInteger(size) || count < 1) {
    throw new TypeMismatch(
      `split cannot cut axis ${axis} of ${formatType(x.type)} into ${count} equal pieces`,
    )
  }
  return Array.from({ length: count }, () => size)
}
