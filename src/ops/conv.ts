import { elementCount } from '../graph/types.js'
import { convolve, convolvedRow, convolvedType, geometry, spatial, windowArguments } from './_convolution.js'
import { biasCotangent, inputCotangent, weightCotangent } from './_convolution-cotangents.js'
import { floatTypes, given, requireSameType, requireTypes } from './_types.js'
import type { Operator } from './operator.js'
import type { SampleRandom } from './sample.js'

const conv: Operator = {
  name: 'Conv',
  domain: '',
  doc: 'The convolution (cross-correlation) of x [n, c, ...] with weight [m, c / group, ...] plus bias [m], over one to three spatial axes.',
  attributes: { group: 1 },
  withoutDefault: ['strides', 'dilations', 'pads'],
  infer(inputs, attributes) {
    const [x, weight, bias] = [given(inputs, 0), given(inputs, 1), inputs[2]]
    requireTypes('conv', floatTypes, x, weight)
    requireSameType('conv', x, weight, ...(bias ? [bias] : []))
    return [convolvedType(x.type, weight.type, bias?.type, geometry(attributes))]
  },
  value: (inputs, attributes) => [
    convolve(given(inputs, 0), given(inputs, 1), inputs[2], geometry(attributes)),
  ],
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent: g }) {
      const [x, weight] = [given(inputs, 0), given(inputs, 1)]
      const geo = geometry(node.attributes)
      return [
        () => inputCotangent(b, g, weight, x.type.shape, geo),
        () => weightCotangent(b, x, g, weight.type.shape, geo),
        node.inputs[2] ? () => biasCotangent(b, g) : null,
      ]
    },
  },
  multiplies: 'kernels',
  narrow: 'all',
  flops: ([, weight], [y]) => 2 * elementCount(y?.shape ?? []) * elementCount((weight?.shape ?? []).slice(1)),
  rows([x = null, ...others], inputs, [y], attributes, count) {
    if (others.some((row) => row !== null)) return ['coupled']
    const [from, weight] = [given(inputs, 0).type.shape, given(inputs, 1).type.shape]
    return [convolvedRow(x, from, y?.shape ?? [], spatial(weight), geometry(attributes), count)]
  },
  language: [
    {
      name: 'conv',
      doc: 'The convolution of x [n, c, h, w] with weight [m, c / groups, kh, kw] plus bias [m]; stride, padding and dilation are one number or one per spatial axis. [n, c, length] is convolved along one axis, [n, c, d, h, w] along three.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'weight', kind: 'tensor' },
        { name: 'bias', kind: 'tensor', default: null },
        { name: 'stride', kind: 'ints', default: [1] },
        { name: 'padding', kind: 'ints', default: [0] },
        { name: 'dilation', kind: 'ints', default: [1] },
        { name: 'groups', kind: 'int', default: 1 },
      ],
      build: (b, args) =>
        b.op(
          'Conv',
          [args.tensor('x'), args.tensor('weight'), args.has('bias') ? args.tensor('bias') : null],
          windowArguments('conv', args, args.tensor('x').type),
        ),
    },
  ],
  sample: (random) => sampleConvolution(random),
}
export default conv

/** Strides, pads (also uneven), dilations, groups, one to three spatial axes; the kernel always fits. */
function sampleConvolution(random: SampleRandom): ReturnType<Operator['sample']> {
  const rank = random.pick([1, 2, 2, 3])
  const axes = Array.from({ length: rank }, () => 0)
  const group = random.pick([1, 1, 1, 2, 3])
  const [part, perGroup] = [random.int(1, 3), random.int(1, 3)]
  const kernel = axes.map(() => random.pick([1, 2, 3, 3]))
  const tiled = random.bool(0.2)
  const strides = kernel.map((k) => (tiled ? k : random.pick([1, 1, 2, 3])))
  const dilations = axes.map(() => (tiled ? 1 : random.pick([1, 1, 2])))
  const pads = [...axes, ...axes].map(() => (tiled ? 0 : random.pick([0, 1, 1, 2])))
  const size = kernel.map((k, i) => (dilations[i] ?? 1) * (k - 1) + 1 + random.int(0, rank === 3 ? 1 : 4))
  const shapes = [
    [random.int(1, 3), group * part, ...size],
    [group * perGroup, part, ...kernel],
  ]
  return {
    inputs: [
      random.tensor(shapes[0] ?? []),
      random.tensor(shapes[1] ?? []),
      random.bool() ? random.tensor([group * perGroup]) : null,
    ],
    attributes: { strides, pads, dilations, group },
  }
}
