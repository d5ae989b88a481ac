import type { Attributes } from '../graph/graph.js'
import { bytesPerElement, elementCount, formatType, type TensorType } from '../graph/types.js'
import { numbers } from './_attributes.js'
import {
  attributesOf,
  convolvedRow,
  convolveTransposed,
  type Geometry,
  geometry,
  padding,
  perAxis,
  reach,
  spatial,
  windowArguments,
} from './_convolution.js'
import { biasCotangent, weightCotangent } from './_convolution-cotangents.js'
import { floatTypes, given, listTypes, requireSameType, requireTypes } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const convTranspose: Operator = {
  name: 'ConvTranspose',
  domain: '',
  doc: 'The adjoint of Conv in x: [n, m, ...] with weight [m, c / group, ...] gives [n, c, ...], of the size that Conv would bring back; `output_padding` chooses among several.',
  attributes: { group: 1 },
  withoutDefault: ['strides', 'dilations', 'pads', 'output_padding'],
  infer(inputs, attributes) {
    const [x, weight, bias] = [given(inputs, 0), given(inputs, 1), inputs[2]]
    requireTypes('conv_transpose', floatTypes, x, weight)
    requireSameType('conv_transpose', x, weight, ...(bias ? [bias] : []))
    const type = transposedType(x.type, weight.type, attributes)
    if (bias && (bias.type.shape.length !== 1 || bias.type.shape[0] !== type.shape[1])) {
      throw new TypeMismatch(
        `conv_transpose wants a bias of shape [${type.shape[1]}], not ${formatType(bias.type)}`,
      )
    }
    return [type]
  },
  value(inputs, attributes) {
    const [x, weight] = [given(inputs, 0), given(inputs, 1)]
    const { shape } = transposedType(x, weight, attributes)
    return [convolveTransposed(x, weight, inputs[2], geometry(attributes), shape)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent: g }) {
      const [x, weight] = [given(inputs, 0), given(inputs, 1)]
      const geo = geometry(node.attributes)
      return [
        () => b.op('Conv', [g, weight, null], attributesOf(geo)),
        () => weightCotangent(b, g, x, weight.type.shape, geo),
        node.inputs[2] ? () => biasCotangent(b, g) : null,
      ]
    },
  },
  // The kernel makes the columns of one picture and group before it adds them up.
  memory: {
    workspace: (_, __, [x, weight]) =>
      x && weight
        ? bytesPerElement[x.dtype] * elementCount([...weight.shape.slice(1), ...spatial(x.shape)])
        : 0,
  },
  narrow: 'all',
  flops: ([x, weight]) => 2 * elementCount(x?.shape ?? []) * elementCount((weight?.shape ?? []).slice(1)),
  rows([x = null, ...others], inputs, [y], attributes, count) {
    if (others.some((row) => row !== null)) return ['coupled']
    const [from, weight] = [given(inputs, 0).type.shape, given(inputs, 1).type.shape]
    return [convolvedRow(x, y?.shape ?? [], from, spatial(weight), geometry(attributes), count)]
  },
  language: [
    {
      name: 'conv_transpose',
      doc: 'The transposed convolution of x [n, m, h, w] with weight [m, c / groups, kh, kw] plus bias [c]: the adjoint of conv, which brings its result back to x. `output_padding` adds to the end of the result, where conv would bring several sizes to one. Other numbers of spatial axes as in conv. Source: torch.nn.functional.conv_transpose2d.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'weight', kind: 'tensor' },
        { name: 'bias', kind: 'tensor', default: null },
        { name: 'stride', kind: 'ints', default: [1] },
        { name: 'padding', kind: 'ints', default: [0] },
        { name: 'output_padding', kind: 'ints', default: [0] },
        { name: 'dilation', kind: 'ints', default: [1] },
        { name: 'groups', kind: 'int', default: 1 },
      ],
      build(b, args) {
        const { type } = args.tensor('x')
        const window = windowArguments('conv_transpose', args, type)
        const said = `conv_transpose of ${formatType(type)}`
        const rank = numbers(window, 'strides').length
        const output_padding = perAxis(said, 'output_padding', args.ints('output_padding'), 0, rank)
        return b.op(
          'ConvTranspose',
          [args.tensor('x'), args.tensor('weight'), args.has('bias') ? args.tensor('bias') : null],
          { ...window, output_padding },
        )
      },
    },
  ],
  sample(random) {
    const rank = random.pick([1, 2, 2, 3])
    const axes = Array.from({ length: rank }, () => 0)
    const group = random.pick([1, 1, 2])
    const [part, perGroup] = [random.int(1, 3), random.int(1, 3)]
    const kernel = axes.map(() => random.pick([2, 3, 3]))
    const strides = axes.map(() => random.pick([1, 2, 3]))
    const dilations = axes.map(() => random.pick([1, 1, 2]))
    const pads = [...axes, ...axes].map(() => random.pick([0, 0, 1]))
    const size = axes.map(() => random.int(rank === 3 ? 1 : 2, rank === 3 ? 2 : 4))
    const bias = random.bool() ? random.tensor([group * part]) : null
    return {
      inputs: [
        random.tensor([random.int(1, 3), group * perGroup, ...size]),
        random.tensor([group * perGroup, part, ...kernel]),
        bias,
      ],
      attributes: {
        strides,
        pads,
        dilations,
        group,
        output_padding: strides.map((s) => random.int(0, s - 1)),
      },
    }
  },
}
export default convTranspose

function transposedType(x: TensorType, weight: TensorType, attributes: Attributes): TensorType {
  const geo: Geometry = geometry(attributes)
  const extra = numbers(attributes, 'output_padding')
  const [n = 1, m = 1, ...size] = x.shape
  const [fromWeight = 1, part = 1] = weight.shape
  const kernel = spatial(weight.shape)
  if (
    m !== fromWeight ||
    m % geo.group !== 0 ||
    kernel.length !== size.length ||
    size.length < 1 ||
    size.length > 3
  ) {
    throw new TypeMismatch(
      `conv_transpose wants [n, m, ...] with [m, c / groups, ...]: ${listTypes([x, weight])} do not fit`,
    )
  }
  if (extra.some((e, i) => e < 0 || e >= (geo.strides[i] ?? 1)))
    throw new TypeMismatch('conv_transpose: output_padding is smaller than the stride')
  const out = size.map((d, i) => {
    const [before, after] = padding(geo, i)
    return (d - 1) * (geo.strides[i] ?? 1) + reach(geo, kernel, i) - before - after + (extra[i] ?? 0)
  })
  return { dtype: x.dtype, shape: [n, part * geo.group, ...out] }
}
