import { elementCount, tensor } from '../../graph/types.js'
import { number } from '../_attributes.js'
import { floatTypes, given, requireSameType, requireTypes } from '../_types.js'
import type { Composite } from '../operator.js'

const prelu: Composite = {
  name: 'PRelu',
  doc: 'x above 0, slope times x from 0 down, element by element; slope broadcasts against x. Source: He et al. 2015.',
  expand(b, inputs) {
    const [x, slope] = [given(inputs, 0), given(inputs, 1)]
    requireTypes('prelu', floatTypes, x)
    requireSameType('prelu', x, slope)
    return [b.where(b.op('Greater', [x, b.scalar(0, x.type.dtype)]), x, b.mul(slope, x))]
  },
  language: [
    {
      name: 'prelu',
      doc: 'x above 0, slope times x from 0 down, element by element; slope broadcasts against x. Source: He et al. 2015.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'slope', kind: 'tensor' },
      ],
      build: (b, args) => b.op('PRelu', [args.tensor('x'), args.tensor('slope')]),
    },
  ],
  sample(random) {
    const shape = random.shape()
    const slope = shape.map((d) => (random.bool() ? d : 1)).slice(random.int(0, shape.length))
    return { inputs: [random.tensor(shape, { apart: 0.05 }), random.tensor(slope)], attributes: {} }
  },
}

const swish: Composite = {
  name: 'Swish',
  doc: 'x sigmoid(alpha x), element by element. Source: Ramachandran et al. 2017.',
  attributes: { alpha: 1 },
  expand(b, inputs, attributes) {
    const x = given(inputs, 0)
    requireTypes('swish', floatTypes, x)
    return [b.mul(x, b.op('Sigmoid', [b.scale(x, number(attributes, 'alpha'))]))]
  },
  sample: (random) => ({
    inputs: [random.tensor(random.shape())],
    attributes: { alpha: random.pick([1, 0.5, 1.5]) },
  }),
}

const globalMaxPool: Composite = {
  name: 'GlobalMaxPool',
  doc: 'The largest element of each channel of x [n, c, ...]; the spatial axes stay with size 1.',
  expand(b, inputs) {
    const x = given(inputs, 0)
    const axes = x.type.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis]))
    return [axes.length === 0 ? x : b.op('ReduceMax', [x, b.ints(axes)], { keepdims: 1 })]
  },
  sample(random) {
    const shape = random.shape(3, 4)
    const order = random.permutation(elementCount(shape))
    const distinct = order.map((i) => Math.fround(i * 0.05 - 1))
    return { inputs: [tensor('f32', shape, distinct)], attributes: {} }
  },
}

export default [prelu, swish, globalMaxPool]
