import { byteSize } from '../graph/types.js'
import { unary } from './_elementwise.js'

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

export default unary({
  name: 'Mish',
  word: 'mish',
  doc: 'x tanh(log(1 + exp(x))), element by element. Source: Misra 2019.',
  f: (x) => x * Math.tanh(softplus(x)),
  // onnxruntime writes it with others.
  workspace: ([y]) => (y ? byteSize(y) : 0),
  // With t = tanh(softplus(x)): t + x (1 - t t) sigmoid(x).
  derivative({ b, cotangent }, x) {
    const t = b.op('Tanh', [b.op('Softplus', [x])])
    const rest = b.mul(b.sub(b.scalar(1, x.type.dtype), b.mul(t, t)), b.mul(x, b.op('Sigmoid', [x])))
    return b.mul(cotangent, b.add(t, rest))
  },
})
