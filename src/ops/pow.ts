import type { Builder } from '../graph/builder.js'
import { constantOf, type Value } from '../graph/graph.js'
import { scalar } from '../graph/types.js'
import { binary } from './_elementwise.js'
import { given, numberTypes } from './_types.js'

export default binary({
  name: 'Pow',
  word: '**',
  doc: 'x ** y, element by element, with broadcasting. A gradient for y needs x > 0.',
  narrow: 'none',
  accepts: numberTypes,
  f: power,
  derivative: {
    kind: 'rule',
    rule({ b, inputs, outputs, cotangent }) {
      const [x, y, z] = [given(inputs, 0), given(inputs, 1), given(outputs, 0)]
      return [() => b.mul(cotangent, slope(b, x, y, z)), () => b.mul(cotangent, exponentSlope(b, x, y, z))]
    },
  },
  call: 'pow',
  sample(random) {
    const [a, c] = random.broadcastPair()
    const x = random.tensor(a, { low: 0.3, high: 2 })
    if (random.bool()) return { inputs: [x, random.tensor(c)], attributes: {} }
    const exponent = random.pick([-2, -1, -0.5, 0, 0.5, 1, 2, 3, 1.7])
    return { inputs: [x, scalar(exponent)], attributes: {}, constant: [1] }
  },
})

/** As IEEE 754 has it: 1 to any power is 1, JavaScript says NaN for some. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y
}

/** x^y log(x), which is 0 at x = 0 as far as x^y is finite there. */
function exponentSlope(b: Builder, x: Value, y: Value, z: Value): Value {
  const zero = b.scalar(0, x.type.dtype)
  const flat = b.op('And', [b.op('Equal', [x, zero]), b.op('GreaterOrEqual', [y, zero])])
  return b.where(flat, zero, b.mul(z, b.log(x)))
}

/** y x^(y-1), in the cheapest form for the exponents that occur. */
function slope(b: Builder, x: Value, y: Value, z: Value): Value {
  const constant = constantOf(y)
  const exponent = constant?.shape.length === 0 ? constant.data[0] : undefined
  switch (exponent) {
    case undefined: {
      const zero = b.scalar(0, y.type.dtype)
      const factor = b.mul(y, b.op('Pow', [x, b.sub(y, b.scalar(1, y.type.dtype))]))
      return b.where(b.op('Equal', [y, zero]), zero, factor)
    }
    case 0:
      return b.scalar(0, x.type.dtype)
    case 1:
      return b.scalar(1, x.type.dtype)
    case 2:
      return b.scale(x, 2)
    case 0.5:
      return b.div(b.scalar(0.5, x.type.dtype), z)
    case -1:
      return b.neg(b.mul(z, z))
    case -0.5:
      return b.scale(b.div(z, x), -0.5)
    default:
      return b.scale(b.op('Pow', [x, b.scalar(exponent - 1, y.type.dtype)]), exponent)
  }
}
