import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { formatType, type Tensor, tensor } from '../graph/types.js'
import { string } from './_attributes.js'
import { around, at } from './_index.js'
import { padConstant } from './_pad.js'
import { allTypes, constantInts, given, ints, requireRank, requireTypes } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const pad: Operator = {
  name: 'Pad',
  domain: '',
  doc: "x with more elements before and after it along each axis: a constant (input 2, default 0), or its own elements: in mode 'reflect' mirrored at the border, in mode 'edge' the border itself repeated. The pads (all befores, then all afters) may be negative for a constant: they cut off.",
  attributes: { mode: 'constant' },
  infer(inputs, attributes) {
    const x = given(inputs, 0)
    requireTypes('pad', allTypes, x)
    const [before, after] = halves(constantInts(given(inputs, 1)))
    const { shape } = x.type
    requireRank('pad', x, 1, true)
    if (before.length !== shape.length || after.length !== shape.length) {
      throw new TypeMismatch(
        `pad wants a number before and after for each axis of ${formatType(x.type)}, not ${before.length + after.length} numbers`,
      )
    }
    const mode = string(attributes, 'mode')
    if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge')
      throw new TypeMismatch(`pad has no mode "${mode}"`, 'the modes are "constant", "reflect" and "edge"')
    for (const [axis, size] of shape.entries()) {
      const [p, q] = [before[axis] ?? 0, after[axis] ?? 0]
      if (size + p + q < 0)
        throw new TypeMismatch(`pad cuts more than axis ${axis} of ${formatType(x.type)} has`)
      if (mode === 'edge' && (size === 0 || Math.min(p, q) < 0))
        throw new TypeMismatch(
          `pad repeats the border of axis ${axis} of ${formatType(x.type)} from 0 times on, not ${p} and ${q}`,
        )
      if (mode === 'reflect' && (Math.max(p, q) >= size || Math.min(p, q) < 0)) {
        throw new TypeMismatch(
          `reflecting pad of axis ${axis} of ${formatType(x.type)} takes at most ${size - 1}, not ${p} and ${q}`,
        )
      }
    }
    return [{ dtype: x.type.dtype, shape: shape.map((d, i) => d + (before[i] ?? 0) + (after[i] ?? 0)) }]
  },
  value(inputs, attributes) {
    const [before, after] = halves(ints(given(inputs, 1)))
    const source = sources[string(attributes, 'mode')] ?? ((j: number) => j)
    const fill = inputs[2]?.data[0] ?? 0
    let x = given(inputs, 0)
    for (const axis of x.shape.keys())
      x = alongAxis(x, axis, before[axis] ?? 0, after[axis] ?? 0, source, fill)
    return [x]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const [before, after] = halves(constantInts(given(node.inputs, 1)))
      const unpad = { reflect: fold, edge: gather }[string(node.attributes, 'mode')] ?? cut
      const { shape } = given(inputs, 0).type
      return [
        () => shape.reduce((g, _, axis) => unpad(b, g, axis, before[axis] ?? 0, after[axis] ?? 0), cotangent),
        null,
        null,
      ]
    },
  },
  narrow: 'all',
  flops: () => 0,
  rows: ([row = null], inputs, _, attributes) => {
    if (row === null) return [null]
    const [before, after] = halves(constantInts(given(inputs, 1)))
    const untouched = before[row] === 0 && after[row] === 0
    // Two rows, each repeated as often as the other, are blocks of the result.
    const { shape } = given(inputs, 0).type
    const doubled = string(attributes, 'mode') === 'edge' && shape[row] === 2 && before[row] === after[row]
    return [untouched || doubled ? row : 'coupled']
  },
  language: [
    {
      name: 'pad',
      doc: 'x with `before` and `after` more elements along each axis: the constant `value`, or its own elements: with mode = "reflect" mirrored at the border, with mode = "edge" the border repeated. Negative numbers cut off.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'before', kind: 'ints' },
        { name: 'after', kind: 'ints', default: null },
        { name: 'value', kind: 'float', default: 0 },
        { name: 'mode', kind: 'string', default: 'constant' },
      ],
      build(b, args) {
        const x = args.tensor('x')
        const mode = args.string('mode')
        const after = args.has('after') ? args.ints('after') : args.ints('before')
        return b.op(
          'Pad',
          [x, b.ints([...args.ints('before'), ...after]), b.scalar(args.float('value'), x.type.dtype)],
          { mode },
        )
      },
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    const mode = random.pick(['constant', 'constant', 'reflect', 'edge'])
    const most = (d: number): number =>
      random.int(mode === 'constant' && d > 2 ? -1 : 0, mode === 'reflect' ? Math.min(d - 1, 2) : 2)
    const pads = [...shape.map(most), ...shape.map(most)]
    return {
      inputs: [random.tensor(shape), tensor('i64', [pads.length], pads)],
      attributes: { mode },
    }
  },
}
export default pad

const halves = (pads: readonly number[]): [number[], number[]] => [
  pads.slice(0, Math.ceil(pads.length / 2)),
  pads.slice(Math.ceil(pads.length / 2)),
]

function alongAxis(
  x: Tensor,
  axis: number,
  before: number,
  after: number,
  sourceOf: (j: number, size: number) => number,
  fill: number,
): Tensor {
  const [outer, size, inner] = around(x.shape, axis)
  const wide = size + before + after
  const out = new Float64Array(outer * wide * inner)
  for (let i = 0; i < out.length; i++) {
    const j = (Math.floor(i / inner) % wide) - before
    const source = sourceOf(j, size)
    const start = Math.floor(i / (inner * wide)) * size
    out[i] = source < 0 || source >= size ? fill : at(x.data, (start + source) * inner + (i % inner))
  }
  return tensor(x.dtype, x.shape.with(axis, wide), out)
}

/** The element that stands at place j, by mode; a constant pad has none outside. */
const sources: Readonly<Record<string, (j: number, size: number) => number>> = {
  reflect: (j, size) => (j < 0 ? -j : j >= size ? 2 * size - 2 - j : j),
  edge: (j, size) => Math.min(Math.max(j, 0), size - 1),
}

/** The cotangent of a constant pad along one axis: what was added is cut off, what was cut off is zero. */
function cut(b: Builder, g: Value, axis: number, before: number, after: number): Value {
  const along = (n: number): number[] => g.type.shape.map((_, i) => (i === axis ? n : 0))
  return padConstant(b, g, along(-before), along(-after))
}

/** The cotangent of a reflecting pad along one axis: the borders are added, mirrored, to where they were read from. */
function fold(b: Builder, g: Value, axis: number, before: number, after: number): Value {
  const size = (g.type.shape[axis] ?? 0) - before - after
  const along = (n: number): number[] => g.type.shape.map((_, i) => (i === axis ? n : 0))
  const mirrored = (start: number, length: number, to: number): Value => {
    const border = b.slice(b.slice(g, axis, start, start + length), axis, -1, -(2 ** 31), -1)
    return padConstant(b, border, along(to), along(size - to - length))
  }
  let sum = before === 0 && after === 0 ? g : b.slice(g, axis, before, before + size)
  if (before > 0) sum = b.add(sum, mirrored(0, before, 1))
  if (after > 0) sum = b.add(sum, mirrored(before + size, after, size - 1 - after))
  return sum
}

/** The cotangent of a pad that repeats the borders along one axis: the copies are added to their border. */
function gather(b: Builder, g: Value, axis: number, before: number, after: number): Value {
  const size = (g.type.shape[axis] ?? 0) - before - after
  const along = (n: number): number[] => g.type.shape.map((_, i) => (i === axis ? n : 0))
  const copies = (start: number, length: number, to: number): Value => {
    const border = b.sum(b.slice(g, axis, start, start + length), [axis], true)
    return padConstant(b, border, along(to), along(size - to - 1))
  }
  let sum = before === 0 && after === 0 ? g : b.slice(g, axis, before, before + size)
  if (before > 0) sum = b.add(sum, copies(0, before, 0))
  if (after > 0) sum = b.add(sum, copies(before + size, after, size - 1))
  return sum
}
