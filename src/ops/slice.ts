import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { type Tensor, tensor } from '../graph/types.js'
import { affineIndex, pick, strides } from './_index.js'
import { allTypes, checkAxes, constantInts, given, ints, requireTypes, wrapAxis } from './_types.js'
import { padConstant } from './_pad.js'
import type { Operator } from './operator.js'

/** Along one axis: `size` elements from `start` on, every `step`-th. */
interface Range {
  readonly start: number
  readonly step: number
  readonly size: number
}

const slice: Operator = {
  name: 'Slice',
  domain: '',
  doc: 'x[start:end:step] along some axes; negative starts and ends count from the end, steps may be negative. Inputs: x, starts, ends, axes, steps.',
  infer(inputs) {
    const x = given(inputs, 0)
    requireTypes('slice', allTypes, x)
    const given4 = [1, 2, 3, 4].map((k) => constantInts(given(inputs, k)))
    checkAxes('slice', given4[2] ?? [], x.type)
    return [{ dtype: x.type.dtype, shape: ranges(x.type.shape, given4).map((r) => r.size) }]
  },
  value(inputs) {
    const x = given(inputs, 0)
    const along = ranges(
      x.shape,
      [1, 2, 3, 4].map((k) => ints(given(inputs, k))),
    )
    const own = strides(x.shape)
    const offset = along.reduce((sum, r, i) => sum + r.start * (own[i] ?? 0), 0)
    const shape = along.map((r) => r.size)
    return [
      tensor(
        x.dtype,
        shape,
        pick(
          x.data,
          affineIndex(
            shape,
            along.map((r, i) => r.step * (own[i] ?? 0)),
            offset,
          ),
        ),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const { shape } = given(inputs, 0).type
      const along = ranges(
        shape,
        [1, 2, 3, 4].map((k) => constantInts(given(node.inputs, k))),
      )
      return [() => unslice(b, cotangent, shape, along), null, null, null, null]
    },
  },
  moves: [0],
  narrow: 'all',
  flops: () => 0,
  rows: ([row = null], inputs) => {
    if (row === null) return [null]
    const { shape } = given(inputs, 0).type
    const range = ranges(
      shape,
      [1, 2, 3, 4].map((k) => constantInts(given(inputs, k))),
    )[row]
    return [range?.step === 1 && range.size === shape[row] ? row : 'coupled']
  },
  sample(random) {
    const shape = random.shape(1)
    const axes = random.permutation(shape.length).slice(0, random.int(1, shape.length))
    const along = axes.map((axis) =>
      sampleRange(random.int(0, 5), random.int(1, 5), shape[axis] ?? 1, random.pick([1, 1, 2, -1, -2])),
    )
    return {
      inputs: [
        random.tensor(shape),
        list(along.map((r) => r.start)),
        list(along.map((r) => r.end)),
        list(axes.map((a) => (random.bool() ? a : a - shape.length))),
        list(along.map((r) => r.step)),
      ],
      attributes: {},
    }
  },
}
export default slice

const list = (values: readonly number[]): Tensor => tensor('i64', [values.length], values)

/** ONNX's rule: clamp to the axis, then count the steps. */
function ranges(
  shape: readonly number[],
  [starts = [], ends = [], axes = [], steps = []]: readonly number[][],
): Range[] {
  const along = shape.map((size): Range => ({ start: 0, step: 1, size }))
  for (const [i, axis] of axes.entries()) {
    const k = wrapAxis(axis, shape.length)
    const size = shape[k] ?? 1
    const step = steps[i] ?? 1
    const clamp = (at: number): number =>
      Math.min(Math.max(at < 0 ? at + size : at, step > 0 ? 0 : -1), step > 0 ? size : size - 1)
    const start = clamp(starts[i] ?? 0)
    along[k] = {
      start: Math.max(start, 0),
      step,
      size: Math.max(0, Math.ceil((clamp(ends[i] ?? 0) - start) / step)),
    }
  }
  return along
}

/** The cotangent put back where it was cut out, zeros elsewhere. */
function unslice(b: Builder, g: Value, shape: readonly number[], along: readonly Range[]): Value {
  let spread = g
  for (const [axis, { step }] of along.entries()) {
    if (step < 0) spread = b.slice(spread, axis, -1, -(2 ** 31), -1)
    if (Math.abs(step) > 1) spread = dilate(b, spread, axis, Math.abs(step))
  }
  // A range that runs backwards starts, once flipped, at its last element.
  const before = along.map((r) => (r.step < 0 ? r.start + (r.size - 1) * r.step : r.start))
  const after = shape.map((size, axis) => size - (before[axis] ?? 0) - (spread.type.shape[axis] ?? 0))
  return padConstant(b, spread, before, after)
}

/** [.., n, ..] with step - 1 zeros between neighbours: [.., (n - 1) * step + 1, ..]. */
function dilate(b: Builder, x: Value, axis: number, step: number): Value {
  const { shape } = x.type
  const n = shape[axis] ?? 1
  const wide = b.reshape(x, shape.toSpliced(axis, 1, n, 1))
  const padded = padConstant(
    b,
    wide,
    wide.type.shape.map(() => 0),
    wide.type.shape.map((_, i) => (i === axis + 1 ? step - 1 : 0)),
  )
  return b.slice(b.reshape(padded, shape.with(axis, n * step)), axis, 0, (n - 1) * step + 1)
}

function sampleRange(
  start: number,
  length: number,
  size: number,
  step: number,
): { start: number; end: number; step: number } {
  const from = start % size
  const available = step > 0 ? Math.ceil((size - from) / step) : Math.ceil((from + 1) / -step)
  const end = from + Math.min(length, available) * step
  return { start: start % 2 === 0 ? from : from - size, end: end < 0 ? -(2 ** 31) : end, step }
}
