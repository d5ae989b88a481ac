import { type Tensor, elementCount, tensor } from '../graph/types.js'
import { unary } from './_elementwise.js'
import type { SampleRandom } from './sample.js'

const oddNumbers = (random: SampleRandom, shape: readonly number[]): Tensor =>
  tensor(
    'f32',
    shape,
    Array.from({ length: elementCount(shape) }, () => random.pick([0, -1.5, 2, NaN, Infinity, -Infinity])),
  )

export default [
  unary({
    name: 'IsNaN',
    word: 'is_nan',
    doc: 'Whether an element is no number (NaN); gives bool.',
    narrow: 'none',
    result: 'bool',
    f: (x) => Number(Number.isNaN(x)),
    derivative: 'zero',
    sample: oddNumbers,
  }),
]
