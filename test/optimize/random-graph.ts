import { Builder } from '../../src/graph/builder.js'
import type { Graph, Output, Value } from '../../src/graph/graph.js'
import { elementCount, tensor } from '../../src/graph/types.js'
import { SampleRandom } from '../../src/ops/sample.js'

const largest = 4000

/**
 * A float graph of 3 to 30 nodes over the operators that passes look at: elementwise with broadcasts, neutral and
 * nested constants, constant and repeated expressions, changes of shape, expansions and repeated rows, products, reductions.
 */
export function randomGraph(seed: number): Graph {
  const random = new SampleRandom(seed)
  const b = new Builder()
  const values: Value[] = [0, 1].map((i) => b.input(`x${i}`, { dtype: 'f32', shape: random.shape(1, 3) }))
  const length = random.int(3, 30)
  for (let i = 0; i < length; i++) {
    const x = random.pick(values.slice(-6))
    const made = random.pick(steps)(b, random, x, values)
    if (elementCount(made.type.shape) <= largest) values.push(made)
  }
  const outputs: Output[] = values
    .slice(2)
    .flatMap((value, i) => (random.bool(0.15) ? [{ name: `y${i}`, value }] : []))
  const last = values.at(-1)
  if (!last) throw new Error('unreachable: two inputs at least')
  return b.finish('random', [...outputs, { name: 'last', value: last }])
}

type Step = (b: Builder, random: SampleRandom, x: Value, values: readonly Value[]) => Value

const nextTo = (x: Value, random: SampleRandom, values: readonly Value[]): Value | undefined => {
  const fits = values.filter(
    (v) =>
      v.type.shape.length <= x.type.shape.length &&
      v.type.shape.every(
        (d, i) => d === 1 || d === x.type.shape[i + x.type.shape.length - v.type.shape.length],
      ),
  )
  return fits.length > 0 ? random.pick(fits) : undefined
}

const binary: Step = (b, random, x, values) => {
  const y = nextTo(x, random, values) ?? b.scalar(2)
  return b.op(random.pick(['Add', 'Sub', 'Mul', 'Max']), random.bool() ? [x, y] : [y, x])
}

const withConstant: Step = (b, random, x) => {
  const shape = random.pick([[], [1], x.type.shape])
  const c = random.pick([0, 1, -1, 0.5, 3])
  const constant = b.constant(
    tensor(
      'f32',
      shape,
      Array.from({ length: elementCount(shape) }, () => c),
    ),
  )
  const op = random.pick(['Add', 'Sub', 'Mul', 'Div', 'Pow'])
  if (op === 'Div') return b.op('Div', [x, b.scalar(random.pick([1, 2, 3]))])
  if (op === 'Pow') return b.op('Pow', [x, b.scalar(random.pick([1, 2]))])
  return b.op(op, op !== 'Sub' && random.bool() ? [constant, x] : [x, constant])
}

const unary: Step = (b, random, x) => b.op(random.pick(['Neg', 'Tanh', 'Sigmoid', 'Abs', 'Identity']), [x])

const reshape: Step = (b, random, x) => {
  const { shape } = x.type
  const merged = random.bool()
    ? [elementCount(shape)]
    : [...shape.slice(0, -2), elementCount(shape.slice(-2))]
  const with1 = [...shape.slice(0, random.int(0, shape.length)), 1, ...shape]
  const at = random.int(0, shape.length)
  return b.op('Reshape', [
    x,
    b.ints(
      random.pick([
        merged,
        [...shape.slice(0, at), 1, ...shape.slice(at)],
        with1.length > 5 ? merged : shape,
      ]),
    ),
  ])
}

const transpose: Step = (b, random, x) =>
  b.op('Transpose', [x], { perm: random.permutation(x.type.shape.length) })

const expand: Step = (b, random, x) => {
  if (x.type.shape.length === 0) return b.op('Expand', [x, b.ints([2, 3])])
  const shape = x.type.shape.map((d) => (d === 1 ? random.int(1, 4) : d))
  const thin = b.op('ReduceMax', [x, b.ints([random.int(0, Math.max(0, shape.length - 1))])], { keepdims: 1 })
  const wide = random.bool() ? shape : [random.int(1, 3), ...shape]
  return shape.length > 0 && random.bool()
    ? b.op('Expand', [thin, b.ints(wide)])
    : b.op('Expand', [x, b.ints(wide)])
}

/** Rows repeated as in `f(a[i], b[j]) for i, j in n`. */
const repeat: Step = (b, random, x) => {
  const [n = 1, ...rest] = x.type.shape
  const m = random.int(2, 3)
  const [thin, wide] = random.bool()
    ? [
        [n, 1, ...rest],
        [n, m, ...rest],
      ]
    : [
        [1, n, ...rest],
        [m, n, ...rest],
      ]
  return b.reshape(b.op('Expand', [b.reshape(x, thin), b.ints(wide)]), [n * m, ...rest])
}

const product: Step = (b, random, x) => {
  const { shape } = x.type
  if (shape.length < 2) return b.op('Neg', [x])
  const swapped = b.transpose(x, [...shape.slice(2).keys(), shape.length - 1, shape.length - 2])
  const scaled = random.bool() ? b.op('Mul', [x, b.scalar(0.25)]) : x
  const z = random.bool() ? b.matmul(scaled, swapped) : b.matmul(swapped, scaled)
  return random.bool() ? b.op('Mul', [z, b.scalar(0.5)]) : z
}

const linear: Step = (b, random, x) => {
  const { shape } = x.type
  if (shape.length < 1) return b.op('Neg', [x])
  const d = shape.at(-1) ?? 1
  const weight = b.constant(random.tensor([random.int(1, 4), d]))
  const rows = b.reshape(x, [elementCount(shape.slice(0, -1)), d])
  const z = b.op('Gemm', [rows, weight, null], { transB: 1 })
  const out = weight.type.shape[0] ?? 1
  const y = b.reshape(z, [...shape.slice(0, -1), out])
  return random.bool() ? b.op('Add', [y, b.constant(random.tensor(random.pick([[out], [1], []])))]) : y
}

const reduce: Step = (b, random, x) => {
  const axes = random.permutation(x.type.shape.length).slice(0, random.int(1, 2))
  const op = random.pick(['ReduceSum', 'ReduceMean', 'ReduceMax'])
  return b.op(op, [x, axes.length === 0 ? null : b.ints(axes)], { keepdims: random.int(0, 1) })
}

/** A value computed from a constant alone. */
const ofConstant: Step = (b, random) =>
  b.op(random.pick(['Tanh', 'Neg', 'Abs']), [b.constant(random.tensor(random.shape(1, 3)))])

/** The same expression twice. */
const twice: Step = (b, _, x) => {
  const scaled = (): Value => b.op('Mul', [b.op('Tanh', [x]), b.scalar(0.5)])
  return b.op('Add', [scaled(), scaled()])
}

/** Over the first axes, and sometimes the last too. */
const reduceRows: Step = (b, random, x) => {
  const rank = x.type.shape.length
  const leading = random.int(1, Math.max(1, rank - 1))
  const axes = [...Array(leading).keys(), ...(rank > leading + 1 && random.bool() ? [rank - 1] : [])]
  return rank < 2 ? x : b.op('ReduceSum', [x, b.ints(axes)], { keepdims: random.int(0, 1) })
}

const softmax: Step = (b, _, x) => (x.type.shape.length === 0 ? x : b.op('Softmax', [x], { axis: -1 }))

const steps: readonly Step[] = [
  binary,
  binary,
  withConstant,
  withConstant,
  unary,
  reshape,
  transpose,
  expand,
  expand,
  repeat,
  product,
  linear,
  reduce,
  reduceRows,
  softmax,
  ofConstant,
  ofConstant,
  twice,
]
