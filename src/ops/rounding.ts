import { type Tensor, elementCount, tensor } from '../graph/types.js'
import { unary } from './_elementwise.js'
import type { SampleRandom } from './sample.js'

/** To the nearest integer, halves to the even one. */
function halfToEven(x: number): number {
  const low = Math.floor(x)
  const part = x - low
  if (part !== 0.5) return Math.round(x)
  return low % 2 === 0 ? low : low + 1
}

/** Values in (-3, 3), at least 0.05 from every multiple of 1/2, where the functions jump. */
const betweenSteps = (random: SampleRandom, shape: readonly number[]): Tensor =>
  tensor(
    'f32',
    shape,
    Array.from({ length: elementCount(shape) }, () =>
      Math.fround(random.int(-6, 5) / 2 + 0.05 + 0.4 * random.uniform()),
    ),
  )

export default [
  unary({
    name: 'Floor',
    word: 'floor',
    doc: 'The largest integer not above x, element by element.',
    narrow: 'none',
    numbers: 'same',
    f: Math.floor,
    derivative: 'zero',
    sample: betweenSteps,
  }),
  unary({
    name: 'Ceil',
    word: 'ceil',
    doc: 'The smallest integer not below x, element by element.',
    narrow: 'none',
    f: Math.ceil,
    derivative: 'zero',
    sample: betweenSteps,
  }),
  unary({
    name: 'Round',
    word: 'round',
    doc: 'The nearest integer, element by element; halves go to the even one.',
    narrow: 'none',
    numbers: 'same',
    f: halfToEven,
    derivative: 'zero',
    sample: betweenSteps,
  }),
]
