import { type DType, elementCount, isFloat, tensor } from '../graph/types.js'
import { roundTo } from './_round-to.js'
import { allTypes, given } from './_types.js'
import type { Attributes } from '../graph/graph.js'
import type { Operator } from './operator.js'

const cast: Operator = {
  name: 'Cast',
  domain: '',
  doc: 'The elements under another element type. Floats become integers by cutting towards zero; numbers become bool by not being zero. `to` is the element type by its name in the language.',
  withoutDefault: ['to'],
  ignored: { saturate: 1, round_mode: 'up' },
  infer: (inputs, attributes) => [{ dtype: target(attributes), shape: given(inputs, 0).type.shape }],
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const to = target(attributes)
    return [
      tensor(
        to,
        x.shape,
        x.data.map((v) => roundTo(v, to)),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, inputs, cotangent }) {
      const from = given(inputs, 0).type.dtype
      return [isFloat(from) ? () => b.cast(cotangent, from) : null]
    },
  },
  narrow: 'none',
  flops: (_, [y]) => elementCount(y?.shape ?? []),
  rows: ([row = null]) => [row],
  broadcasts: 0,
  moves: [0],
  memory: { inPlace: true },
  language: [
    {
      name: 'cast',
      doc: 'x under another element type: f32, f16, bf16, f64, i64, i32, u8 or bool.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'dtype', kind: 'dtype' },
      ],
      build: (b, args) => b.cast(args.tensor('x'), args.dtype('dtype')),
    },
    {
      name: 'round_to',
      doc: 'x rounded to what another float type can hold, in the type that it has.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'dtype', kind: 'dtype' },
      ],
      build: (b, args) => b.cast(b.cast(args.tensor('x'), args.dtype('dtype')), args.tensor('x').type.dtype),
    },
  ],
  sample(random) {
    const shape = random.shape()
    // Only f32 -> f64 and back is smooth; the others are steps.
    const to = random.pick<DType>(['f64', 'f64', 'i64', 'bool', 'bf16', 'f16'])
    if (random.bool(0.3))
      return { inputs: [random.ints(shape, -3, 3)], attributes: { to: random.pick(['f32', 'bool']) } }
    return {
      inputs: [random.tensor(shape, { low: -5, high: 5 })],
      attributes: { to },
      constant: to === 'f64' ? [] : [0],
    }
  },
}
export default cast

function target(attributes: Attributes): DType {
  const to = allTypes.find((t) => t === attributes['to'])
  if (!to) throw new Error('Cast: `to` is no element type')
  return to
}
