import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { elementCount, tensor } from '../graph/types.js'
import { string } from './_attributes.js'
import { erf, logBell } from './_erf.js'
import { floatTypes, given, requireTypes } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

/** sqrt(2 / pi) and the cubic coefficient of the tanh form. */
const slope = Math.sqrt(2 / Math.PI)
const cubic = 0.044715

const gelu: Operator = {
  name: 'Gelu',
  domain: '',
  doc: "x times the normal distribution function of x, element by element: exact by erf, or its tanh approximation when `approximate` is 'tanh'. Source: Hendrycks and Gimpel 2016.",
  attributes: { approximate: 'none' },
  choices: { approximate: ['none', 'tanh'] },
  infer(inputs) {
    requireTypes('gelu', floatTypes, given(inputs, 0))
    return [given(inputs, 0).type]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const share =
      string(attributes, 'approximate') === 'tanh'
        ? (v: number): number => 0.5 + 0.5 * Math.tanh(slope * (v + cubic * v ** 3))
        : (v: number): number => 0.5 + 0.5 * erf(v / Math.SQRT2)
    return [
      tensor(
        x.dtype,
        x.shape,
        x.data.map((v) => v * share(v)),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const x = given(inputs, 0)
      const tanh = string(node.attributes, 'approximate') === 'tanh'
      return [() => b.mul(cotangent, tanh ? tanhSlope(b, x) : erfSlope(b, x))]
    },
  },
  narrow: 'all',
  flops: (_, [y]) => 5 * elementCount(y?.shape ?? []),
  rows: ([row = null]) => [row],
  broadcasts: 0,
  language: [
    {
      name: 'gelu',
      doc: 'x times the normal distribution function of x: exact, or with approximate = "tanh" in that form.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'approximate', kind: 'string', default: 'none' },
      ],
      build(b, args) {
        const approximate = args.string('approximate')
        if (approximate !== 'none' && approximate !== 'tanh') {
          throw new TypeMismatch(`gelu has no approximation "${approximate}"`, 'it is "none" or "tanh"')
        }
        return b.op('Gelu', [args.tensor('x')], { approximate })
      },
    },
  ],
  sample: (random) => ({
    inputs: [random.tensor(random.shape(), { low: -3, high: 3 })],
    attributes: { approximate: random.pick(['none', 'tanh']) },
  }),
}
export default gelu

/** 1/2 (1 + erf(u) + u bell) with u = x / sqrt(2) and bell = 2 / sqrt(pi) exp(-u u), its factor taken into the exponent. */
function erfSlope(b: Builder, x: Value): Value {
  const number = (v: number): Value => b.scalar(v, x.type.dtype)
  const u = b.scale(x, Math.SQRT1_2)
  const bell = b.exp(b.sub(number(logBell), b.mul(u, u)))
  return b.scale(b.add(b.add(b.op('Erf', [u]), b.mul(u, bell)), number(1)), 0.5)
}

/** With t = tanh(a x + a c x^3): 1/2 (1 + t) + 1/2 x (1 - t t) (a + 3 a c x x). */
function tanhSlope(b: Builder, x: Value): Value {
  const number = (v: number): Value => b.scalar(v, x.type.dtype)
  const square = b.mul(x, x)
  const t = b.op('Tanh', [b.mul(x, b.add(b.scale(square, slope * cubic), number(slope)))])
  const inner = b.mul(x, b.add(b.scale(square, 1.5 * slope * cubic), number(0.5 * slope)))
  return b.add(b.mul(b.sub(number(1), b.mul(t, t)), inner), b.add(b.scale(t, 0.5), number(0.5)))
}
