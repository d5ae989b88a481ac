import { byteSize, elementCount, tensor } from '../graph/types.js'
import { unary } from './_elementwise.js'

export default unary({
  name: 'HardSwish',
  word: 'hard_swish',
  doc: 'x times x / 6 + 1 / 2 limited to 0 to 1, element by element. Source: Howard et al. 2019.',
  f: (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  // onnxruntime writes it with others.
  workspace: ([y]) => (y ? byteSize(y) : 0),
  derivative({ b, cotangent }, x) {
    const number = (v: number) => b.scalar(v, x.type.dtype)
    const middle = b.add(b.scale(x, 1 / 3), number(0.5))
    const from = b.where(b.op('LessOrEqual', [x, number(-3)]), number(0), middle)
    return b.mul(cotangent, b.where(b.op('GreaterOrEqual', [x, number(3)]), number(1), from))
  },
  // Between -4.5 and 4.5, away from the kinks at -3 and 3.
  sample: (random, shape) =>
    tensor(
      'f32',
      shape,
      Array.from({ length: elementCount(shape) }, () =>
        Math.fround(random.pick([-4.5, -2.9, -1, 1, 3.1]) + 1.3 * random.uniform()),
      ),
    ),
})
