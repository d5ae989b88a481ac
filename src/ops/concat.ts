import type { Attributes, Value } from '../graph/graph.js'
import { formatType, sameShape, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { repeatsAlong } from './_broadcast.js'
import { around } from './_index.js'
import { allTypes, checkAxis, given, listTypes, requireSameType, requireTypes, wrapAxis } from './_types.js'
import { type Operator, type RowAxis, TypeMismatch } from './operator.js'

const concat: Operator = {
  name: 'Concat',
  domain: '',
  doc: 'Tensors one after the other along an axis; all other sizes agree.',
  withoutDefault: ['axis'],
  infer(inputs, attributes) {
    const parts = inputs.map((_, k) => given(inputs, k))
    const [first] = parts
    if (!first) throw new TypeMismatch('concat wants at least one tensor')
    requireTypes('concat', allTypes, ...parts)
    requireSameType('concat', ...parts)
    const axis = checkAxis('concat', number(attributes, 'axis'), first.type)
    for (const { type } of parts) {
      const fits =
        type.shape.length === first.type.shape.length &&
        type.shape.every((d, i) => i === axis || d === first.type.shape[i])
      if (!fits)
        throw new TypeMismatch(
          `concat along axis ${axis} wants all other sizes to agree: ${listTypes([first.type, type])} differ`,
        )
    }
    const total = parts.reduce((n, p) => n + (p.type.shape[axis] ?? 0), 0)
    return [{ dtype: first.type.dtype, shape: first.type.shape.map((d, i) => (i === axis ? total : d)) }]
  },
  value(inputs, attributes) {
    const parts = inputs.map((_, k) => given(inputs, k))
    const first = given(inputs, 0)
    const axis = axisOf(attributes, first.shape)
    const total = parts.reduce((n, p) => n + (p.shape[axis] ?? 0), 0)
    const shape = first.shape.map((d, i) => (i === axis ? total : d))
    const [before, , after] = around(shape, axis)
    const out = new Float64Array(before * total * after)
    let start = 0
    for (const part of parts) {
      const run = (part.shape[axis] ?? 0) * after
      for (let i = 0; i < before; i++)
        out.set(part.data.subarray(i * run, (i + 1) * run), i * total * after + start)
      start += run
    }
    return [tensor(first.dtype, shape, out)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const axis = axisOf(node.attributes, cotangent.type.shape)
      let start = 0
      return inputs.map((x) => {
        const [from, to] = [start, (start += x.type.shape[axis] ?? 0)]
        return () => b.slice(cotangent, axis, from, to)
      })
    },
  },
  moves: 'all',
  narrow: 'all',
  flops: () => 0,
  rows: (rows, inputs, [z], attributes) => [concatRows(rows, inputs, axisOf(attributes, z?.shape ?? []))],
  language: [
    {
      name: 'concat',
      doc: 'Tensors one after the other along an axis; all other sizes agree.',
      parameters: [
        { name: 'tensors', kind: 'tensors' },
        { name: 'axis', kind: 'int', default: 0 },
      ],
      build: (b, args) => b.concat(args.tensors('tensors'), args.int('axis')),
    },
    {
      name: 'stack',
      doc: 'Tensors of one shape side by side along a new axis.',
      parameters: [
        { name: 'tensors', kind: 'tensors' },
        { name: 'axis', kind: 'int', default: 0 },
      ],
      build(b, args) {
        const tensors = args.tensors('tensors')
        const [first] = tensors
        if (!first) throw new TypeMismatch('stack wants at least one tensor')
        const other = tensors.find((t) => !sameShape(t.type.shape, first.type.shape))
        if (other)
          throw new TypeMismatch(
            `stack wants tensors of one shape: ${listTypes([first.type, other.type])} differ`,
            '`concat` joins tensors along an axis that they have',
          )
        const rank = first.type.shape.length
        const axis = wrapAxis(args.int('axis'), rank + 1)
        if (axis < 0 || axis > rank)
          throw new TypeMismatch(
            `stack: ${formatType(first.type)} has no place for a new axis ${args.int('axis')}`,
          )
        return b.concat(
          tensors.map((t) => b.reshape(t, t.type.shape.toSpliced(axis, 0, 1))),
          axis,
        )
      },
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    const axis = random.axis(shape.length)
    const parts = Array.from({ length: random.int(1, 4) }, () =>
      random.tensor(shape.map((d, i) => (i === wrapAxis(axis, shape.length) ? random.int(1, 4) : d))),
    )
    return { inputs: parts, attributes: { axis } }
  },
}
export default concat

const axisOf = (attributes: Attributes, shape: readonly number[]): number =>
  wrapAxis(number(attributes, 'axis'), shape.length)

/** All parts must have rows, along one axis that is not the joined one; a part without rows must be alike along it. */
function concatRows(
  rows: readonly RowAxis[],
  parts: readonly (Value | null)[],
  joined: number,
): RowAxis | 'coupled' {
  const axis = rows.find((row) => row !== null)
  if (axis === undefined || axis === null) return null
  if (axis === joined) return rows.length === 1 ? axis : 'coupled'
  return rows.every((row, k) => row === axis || (row === null && repeatsAlong(parts[k] ?? null, axis)))
    ? axis
    : 'coupled'
}
