import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { elementCount, formatType, sameShape, tensor } from '../graph/types.js'
import { around, at } from './_index.js'
import { constantInts, floatTypes, given, ints, requireTypes } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const resize: Operator = {
  name: 'Resize',
  domain: '',
  doc: 'x enlarged or reduced to the given sizes (input 3, one per axis) by the nearest element: output i of n reads input floor(i / (n / size)), computed in float32.',
  attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  infer(inputs) {
    const x = given(inputs, 0)
    requireTypes('resize_nearest', floatTypes, x)
    const sizes = constantInts(given(inputs, 3))
    if (sizes.length !== x.type.shape.length || sizes.some((d) => !Number.isInteger(d) || d < 1)) {
      throw new TypeMismatch(`resize_nearest cannot bring ${formatType(x.type)} to [${sizes.join(', ')}]`)
    }
    return [{ dtype: x.type.dtype, shape: sizes }]
  },
  value(inputs) {
    const sizes = ints(given(inputs, 3))
    let x = given(inputs, 0)
    for (const [axis, n] of sizes.entries()) {
      const [before, size, after] = around(x.shape, axis)
      const out = new Float64Array(before * n * after)
      for (let i = 0; i < out.length; i++) {
        const line = Math.floor(i / (n * after)) * size + source(Math.floor(i / after) % n, size, n)
        out[i] = at(x.data, line * after + (i % after))
      }
      x = tensor(x.dtype, x.shape.with(axis, n), out)
    }
    return [x]
  },
  derivative: {
    kind: 'rule',
    rule({ b, inputs, cotangent }) {
      const { shape } = given(inputs, 0).type
      return [
        () => shape.reduceRight((g, size, axis) => gathered(b, g, axis, size), cotangent),
        null,
        null,
        null,
      ]
    },
  },
  flops: () => 0,
  rows: ([row = null], inputs, [y]) => {
    // A whole factor repeats each row; other factors share elements between rows.
    const whole = row === null || (y?.shape[row] ?? 0) % (given(inputs, 0).type.shape[row] ?? 1) === 0
    return [whole ? row : 'coupled']
  },
  language: [
    {
      name: 'resize_nearest',
      doc: 'x with its last axes brought to the given sizes by the nearest element: output i of n reads input floor(i * size / n), as torch interpolates by default.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'size', kind: 'ints' },
      ],
      build(b, args) {
        const x = args.tensor('x')
        const size = args.ints('size')
        const { shape } = x.type
        if (size.length > shape.length)
          throw new TypeMismatch(`resize_nearest cannot bring ${formatType(x.type)} to ${size.length} axes`)
        const sizes = [...shape.slice(0, shape.length - size.length), ...size]
        if (sizes.some((d) => !Number.isInteger(d) || d < 1 || d > 2 ** 24)) {
          throw new TypeMismatch(`resize_nearest cannot bring ${formatType(x.type)} to [${sizes.join(', ')}]`)
        }
        return resizeExactly(b, x, sizes)
      },
    },
  ],
  sample(random) {
    const shape = [random.int(1, 3), random.int(1, 3), random.int(1, 5), random.int(1, 5)]
    const sizes = shape.map((d, axis) => (axis < 2 ? d : random.pick([d, 2 * d, 3 * d, d + 1, 2 * d - 1, 7])))
    return { inputs: [random.tensor(shape), null, null, tensor('i64', [4], sizes)], attributes: {} }
  },
}
export default resize

/** The element that output i of n reads, in onnxruntime's float32 arithmetic. */
const source = (i: number, size: number, n: number): number =>
  Math.min(Math.floor(Math.fround(i / Math.fround(n / size))), size - 1)

const exactSource = (i: number, size: number, n: number): number => Math.floor((i * size) / n)

const indices = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Resize, or Gather along the axes where Resize's rounding would read a neighbour (14 to 2 reads element 6, not 7). */
function resizeExactly(b: Builder, x: Value, sizes: readonly number[]): Value {
  const { shape } = x.type
  const rounds = (n: number, axis: number): boolean =>
    indices(n).every((i) => source(i, shape[axis] ?? 1, n) === exactSource(i, shape[axis] ?? 1, n))
  let result = x
  for (const [axis, n] of sizes.entries()) {
    if (rounds(n, axis)) continue
    const from = indices(n).map((i) => exactSource(i, shape[axis] ?? 1, n))
    result = b.op('Gather', [result, b.ints(from)], { axis })
  }
  return sameShape(result.type.shape, sizes) ? result : b.op('Resize', [result, null, null, b.ints(sizes)])
}

/** Sums along an axis what was read from each element: a reduction for whole factors, else a product with a 0-1 matrix. */
function gathered(b: Builder, g: Value, axis: number, size: number): Value {
  const { shape, dtype } = g.type
  const n = shape[axis] ?? 1
  if (n === size) return g
  if (n % size === 0) return b.sum(b.reshape(g, shape.toSpliced(axis, 1, size, n / size)), [axis + 1])
  const before = shape.slice(0, axis)
  const after = shape.slice(axis + 1)
  const matrix = tensor(
    dtype,
    [size, n],
    Array.from({ length: size * n }, (_, k) => Number(source(k % n, size, n) === Math.floor(k / n))),
  )
  const lines = b.reshape(g, [elementCount(before), n, elementCount(after)])
  return b.reshape(b.matmul(b.constant(matrix), lines), shape.with(axis, size))
}
