import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { type Tensor, elementCount, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { unary } from './_elementwise.js'
import type { SampleRandom } from './sample.js'

/** `inside` times the cotangent where the condition holds, `outside` times it elsewhere. */
const either = (b: Builder, condition: Value, g: Value, inside: number, outside: number): Value =>
  b.mul(g, b.where(condition, b.scalar(inside, g.type.dtype), b.scalar(outside, g.type.dtype)))

const above = (b: Builder, x: Value, bound: number): Value =>
  b.op('Greater', [x, b.scalar(bound, x.type.dtype)])

const below = (b: Builder, x: Value, bound: number): Value => b.op('Less', [x, b.scalar(bound, x.type.dtype)])

/** Values from -4 to 4, at least 0.05 from every whole and half number, where the units have their kinks. */
const betweenKinks = (random: SampleRandom, shape: readonly number[]): Tensor =>
  tensor(
    'f32',
    shape,
    Array.from({ length: elementCount(shape) }, () =>
      Math.fround(random.int(-8, 7) / 2 + 0.05 + 0.4 * random.uniform()),
    ),
  )

/** Units that are linear piece by piece. */
export default [
  unary({
    name: 'Relu',
    word: 'relu',
    doc: 'max(x, 0), element by element; its slope at 0 is taken as 0.',
    inPlace: true,
    f: (x) => Math.max(x, 0),
    derivative: ({ b, cotangent }, x) => either(b, above(b, x, 0), cotangent, 1, 0),
    sample: betweenKinks,
    numbers: 'same',
  }),
  unary({
    name: 'LeakyRelu',
    word: 'leaky_relu',
    doc: 'x above 0, alpha x from 0 down, element by element. Source: Maas et al. 2013.',
    settings: { alpha: 0.01 },
    inPlace: true,
    f: (x, attributes) => (x < 0 ? number(attributes, 'alpha') * x : x),
    derivative: ({ b, node, cotangent }, x) =>
      either(b, above(b, x, 0), cotangent, 1, number(node.attributes, 'alpha')),
    sample: betweenKinks,
  }),
  unary({
    name: 'ThresholdedRelu',
    word: 'thresholded_relu',
    doc: 'x above alpha, else 0, element by element.',
    settings: { alpha: 1 },
    inPlace: true,
    f: (x, attributes) => (x > number(attributes, 'alpha') ? x : 0),
    derivative: ({ b, node, cotangent }, x) =>
      either(b, above(b, x, number(node.attributes, 'alpha')), cotangent, 1, 0),
    sample: betweenKinks,
  }),
  unary({
    name: 'HardSigmoid',
    word: 'hard_sigmoid',
    doc: 'alpha x + beta limited to 0 to 1, element by element.',
    settings: { alpha: 0.2, beta: 0.5 },
    inPlace: true,
    f: (x, attributes) =>
      Math.min(Math.max(number(attributes, 'alpha') * x + number(attributes, 'beta'), 0), 1),
    derivative({ b, node, cotangent }, _, y) {
      const inside = b.op('And', [above(b, y, 0), below(b, y, 1)])
      return either(b, inside, cotangent, number(node.attributes, 'alpha'), 0)
    },
    sample: betweenKinks,
  }),
]
