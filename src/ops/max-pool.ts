import { elementCount, formatType, tensor } from '../graph/types.js'
import { perAxis } from './_convolution.js'
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
  windowOf,
} from './_pool.js'
import { given } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const maxPool: Operator = {
  name: 'MaxPool',
  domain: '',
  doc: 'The largest element of each window of x [n, c, ...] over one to three spatial axes, and the places (i64) of these elements among all of x in row-major order; of equals the first one.',
  attributes: { ...poolDefaults, storage_order: 0 },
  withoutDefault: poolAttributes,
  infer(inputs, attributes) {
    if (attributes['storage_order'] !== 0)
      throw new TypeMismatch('max_pool counts places in row-major order alone (storage_order 0)')
    const type = pooledType('max_pool', given(inputs, 0), attributes)
    return [type, { dtype: 'i64', shape: type.shape }]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const [n = 1, c = 1, ...spatial] = x.shape
    const window = windowOf(spatial, attributes)
    const shape = [n, c, ...window.size]
    const [plane, out] = [elementCount(spatial), elementCount(window.size)]
    const [values, places] = [new Float64Array(elementCount(shape)), new Float64Array(elementCount(shape))]
    forEachWindow(spatial, window, (result, seen) => {
      for (let p = 0; p < n * c; p++) {
        let best = -1
        for (const place of seen)
          if (best < 0 || at(x.data, p * plane + place) > at(x.data, p * plane + best)) best = place
        values[p * out + result] = at(x.data, p * plane + best)
        places[p * out + result] = p * plane + best
      }
    })
    return [tensor(x.dtype, shape, values), tensor('i64', shape, places)]
  },
  derivative: {
    kind: 'rule',
    // Each cotangent goes to the element that won.
    rule({ b, inputs, outputs, cotangent }) {
      const { dtype, shape } = given(inputs, 0).type
      const count = elementCount(cotangent.type.shape)
      const flat = b.op(
        'ScatterElements',
        [
          b.expand(b.scalar(0, dtype), [elementCount(shape)]),
          b.reshape(given(outputs, 1), [count]),
          b.reshape(cotangent, [count]),
        ],
        { axis: 0, reduction: 'add' },
      )
      return [() => b.reshape(flat, shape)]
    },
  },
  narrow: 'all',
  flops: (_, [y], attributes) =>
    elementCount(y?.shape ?? []) * elementCount(windowOf(y?.shape.slice(2) ?? [], attributes).kernel),
  rows: ([row = null], inputs, _, attributes, count) => [
    pooledRow(row, inputs, attributes, count),
    row === null ? null : 'coupled',
  ],
  language: [
    {
      name: 'max_pool',
      doc: 'The largest element of each window of x [n, c, ...] over one to three spatial axes; kernel, stride (default: the kernel), padding and dilation are one number or one per axis. Padding never wins.',
      parameters: [...poolParameters, { name: 'dilation', kind: 'ints', default: [1] }],
      build(b, args) {
        const x = args.tensor('x')
        const rank = Math.max(x.type.shape.length - 2, 1)
        const said = `max_pool of ${formatType(x.type)}`
        const dilations = perAxis(said, 'dilation', args.ints('dilation'), 1, rank)
        return b.op('MaxPool', [x], { ...poolArguments('max_pool', args), dilations })
      },
    },
  ],
  sample(random) {
    const { shape, attributes } = sampleWindow(random)
    const order = random.permutation(elementCount(shape))
    const distinct = order.map((i) => Math.fround(i * 0.05 - 1))
    return { inputs: [tensor('f32', shape, distinct)], attributes: { ...attributes, storage_order: 0 } }
  },
}
export default maxPool
