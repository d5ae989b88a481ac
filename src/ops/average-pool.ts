import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { elementCount, tensor } from '../graph/types.js'
import { flag } from './_attributes.js'
import { inputCotangent } from './_convolution-cotangents.js'
import { at } from './_index.js'
import {
  forEachWindow,
  pooledRow,
  pooledType,
  poolArguments,
  poolAttributes,
  poolDefaults,
  poolParameters,
  sampleWindow,
  type Window,
  windowOf,
} from './_pool.js'
import { given } from './_types.js'
import type { Operator } from './operator.js'

const averagePool: Operator = {
  name: 'AveragePool',
  domain: '',
  doc: 'The mean of each window of x [n, c, ...] over one to three spatial axes; padding counts as zeros where count_include_pad is 1, else not at all.',
  attributes: { ...poolDefaults, count_include_pad: 0 },
  withoutDefault: poolAttributes,
  infer: (inputs, attributes) => [pooledType('average_pool', given(inputs, 0), attributes)],
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const [n = 1, c = 1, ...spatial] = x.shape
    const window = windowOf(spatial, attributes)
    const divisors = countsOf(spatial, window, attributes)
    const [plane, out] = [elementCount(spatial), elementCount(window.size)]
    const y = new Float64Array(n * c * out)
    forEachWindow(spatial, window, (result, seen) => {
      for (let p = 0; p < n * c; p++)
        y[p * out + result] =
          seen.reduce((sum, place) => sum + at(x.data, p * plane + place), 0) / at(divisors, result)
    })
    return [tensor(x.dtype, [n, c, ...window.size], y)]
  },
  derivative: {
    kind: 'rule',
    rule: ({ b, node, inputs, cotangent }) => [
      () => spread(b, cotangent, given(inputs, 0).type.shape, node.attributes),
    ],
  },
  narrow: 'all',
  flops: (_, [y], attributes) =>
    elementCount(y?.shape ?? []) * elementCount(windowOf(y?.shape.slice(2) ?? [], attributes).kernel),
  rows: ([row = null], inputs, _, attributes, count) => [pooledRow(row, inputs, attributes, count)],
  language: [
    {
      name: 'average_pool',
      doc: 'The mean of each window of x [n, c, ...] over one to three spatial axes; kernel, stride (default: the kernel) and padding are one number or one per axis. `count_padding` counts padding as zeros, as torch does by default.',
      parameters: [...poolParameters, { name: 'count_padding', kind: 'bool', default: true }],
      build: (b, args) =>
        b.op('AveragePool', [args.tensor('x')], {
          ...poolArguments('average_pool', args),
          count_include_pad: args.bool('count_padding') ? 1 : 0,
        }),
    },
  ],
  sample(random) {
    const { shape, attributes } = sampleWindow(random)
    return {
      inputs: [random.tensor(shape)],
      attributes: { ...attributes, count_include_pad: random.int(0, 1) },
    }
  },
}
export default averagePool

/** What each window divides by. What a window reaches over the end by ceil_mode is never counted. */
function countsOf(spatial: readonly number[], window: Window, attributes: Attributes): Float64Array {
  const counts = new Float64Array(elementCount(window.size))
  if (!flag(attributes, 'count_include_pad')) {
    forEachWindow(spatial, window, (result, seen) => {
      counts[result] = seen.length
    })
    return counts
  }
  const rank = spatial.length
  const plain = windowOf(spatial, { ...attributes, ceil_mode: 0 })
  const padded = spatial.map((d, i) => d + (plain.pads[i] ?? 0) + declaredAfter(attributes, plain, i, rank))
  const inside: Window = { ...window, pads: window.pads.map(() => 0) }
  forEachWindow(padded, inside, (result, seen) => {
    counts[result] = seen.length
  })
  return counts
}

/** The pads after an axis as they were asked for, without what the last window reaches over them. */
const declaredAfter = (attributes: Attributes, { pads }: Window, i: number, rank: number): number => {
  const given = attributes['pads']
  return Array.isArray(given) && attributes['auto_pad'] === 'NOTSET'
    ? ((given as readonly number[])[i + rank] ?? 0)
    : (pads[i + rank] ?? 0)
}

/** Each cotangent, divided by its window's count, goes to all that the window saw: the adjoint of a convolution with ones. */
function spread(b: Builder, g: Value, shape: readonly number[], attributes: Attributes): Value {
  const [, c = 1, ...spatial] = shape
  const window = windowOf(spatial, attributes)
  const { dtype } = g.type
  const counts = countsOf(spatial, window, attributes)
  const [first = 1] = counts
  const shares = counts.every((v) => v === first)
    ? b.scale(g, 1 / first)
    : b.mul(
        g,
        b.constant(
          tensor(
            dtype,
            [1, 1, ...window.size],
            counts.map((v) => 1 / v),
          ),
        ),
      )
  const tiles = window.kernel.every(
    (k, i) =>
      k === window.strides[i] &&
      window.pads[i] === 0 &&
      (window.size[i] ?? 0) * k === spatial[i] &&
      window.dilations[i] === 1,
  )
  if (tiles) {
    const open = shares.type.shape.slice(0, 2).concat(window.size.flatMap((d) => [d, 1]))
    const wide = shares.type.shape
      .slice(0, 2)
      .concat(window.size.flatMap((d, i) => [d, window.kernel[i] ?? 1]))
    return b.reshape(b.expand(b.reshape(shares, open), wide), shape)
  }
  const ones = b.expand(b.scalar(1, dtype), [c, 1, ...window.kernel])
  return inputCotangent(b, shares, ones, shape, { ...window, group: c })
}
