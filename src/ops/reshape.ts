import type { Value } from '../graph/graph.js'
import { elementCount, formatType, tensor } from '../graph/types.js'
import { constantInts, given, ints } from './_types.js'
import { type Operator, type RowAxis, TypeMismatch } from './operator.js'

const reshape: Operator = {
  name: 'Reshape',
  domain: '',
  doc: 'The same elements in the same order under another shape; one size may be -1, which stands for what remains.',
  infer(inputs) {
    const x = given(inputs, 0)
    return [{ dtype: x.type.dtype, shape: resolveShape(x, constantInts(given(inputs, 1))) }]
  },
  value(inputs) {
    const x = given(inputs, 0)
    const wanted = ints(given(inputs, 1))
    const known = elementCount(wanted.filter((d) => d !== -1))
    return [
      tensor(
        x.dtype,
        wanted.map((d) => (d === -1 ? x.data.length / known : d)),
        x.data,
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule: ({ b, inputs, cotangent }) => [() => b.reshape(cotangent, given(inputs, 0).type.shape), null],
  },
  moves: [0],
  narrow: 'all',
  flops: () => 0,
  rows: ([row = null], inputs, [y], _, count) => [
    reshapedRow(row, given(inputs, 0).type.shape, y?.shape ?? [], count),
  ],
  shapeOperand: 1,
  memory: { view: true },
  language: [
    {
      name: 'reshape',
      doc: 'The same elements in the same order under another shape; one size may be -1, which stands for what remains.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'shape', kind: 'ints' },
      ],
      build(b, args) {
        const x = args.tensor('x')
        return b.reshape(x, resolveShape(x, args.ints('shape')))
      },
    },
  ],
  sample(random) {
    const x = random.tensor(random.shape(0, 4))
    const shape = random.shape(0, 2)
    const rest = x.data.length / elementCount(shape)
    const wanted = Number.isInteger(rest) ? [...shape, random.pick([rest, -1])] : [-1, 1]
    return { inputs: [x, tensor('i64', [wanted.length], wanted)], attributes: {} }
  },
}
export default reshape

/** The wanted shape with -1 replaced by a number. */
function resolveShape(x: Value, wanted: readonly number[]): number[] {
  const count = elementCount(x.type.shape)
  const wrong = (why: string): never => {
    throw new TypeMismatch(`reshape cannot bring ${formatType(x.type)} to [${wanted.join(', ')}]: ${why}`)
  }
  let open = 0
  let known = 1
  for (const d of wanted) {
    if (!Number.isInteger(d) || d < -1) return wrong('sizes are whole numbers, one may be -1')
    if (d === -1) open++
    else known *= d
  }
  if (open > 1) return wrong('only one size may be -1')
  if (open === 1 && (known === 0 || count % known !== 0))
    return wrong(`${count} elements do not divide by ${known}`)
  if (open === 0 && known !== count) return wrong(`it has ${count} elements, the new shape ${known}`)
  return wanted.map((d) => (d === -1 ? count / known : d))
}

/** Rows stay along an axis that has the same number of elements before it and a whole number of them per row. */
function reshapedRow(
  row: RowAxis,
  from: readonly number[],
  to: readonly number[],
  count: number,
): RowAxis | 'coupled' {
  if (row === null) return null
  const before = elementCount(from.slice(0, row))
  const fits = (axis: number): boolean =>
    elementCount(to.slice(0, axis)) === before && (to[axis] ?? 0) % count === 0
  const candidates = to.map((_, axis) => axis).filter(fits)
  return candidates.find((axis) => to[axis] === from[row]) ?? candidates[0] ?? 'coupled'
}
