import { elementCount, tensor } from '../graph/types.js'
import { number, numbers } from './_attributes.js'
import { at } from './_index.js'
import { squares32, squaresBound, squaresKey } from './_squares.js'
import { given } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const dropoutMask: Operator = {
  name: 'DropoutMask',
  domain: 'dcrc',
  doc: 'Which entries dropout keeps, of the shape `shape`: entry i, counted row by row, is false where squares32 of counter i under the key is below `rate` * 2^32. The key is two words in [0, 2^32), low first. Phase 7 writes it as operators on 64-bit words.',
  infer([key], attributes) {
    if (key?.type.dtype !== 'i64' || key.type.shape.join() !== '2')
      throw new TypeMismatch('a mask has a key of two words, i64[2]')
    return [{ dtype: 'bool', shape: numbers(attributes, 'shape') }]
  },
  value(inputs, attributes) {
    const words = given(inputs, 0).data
    const key = squaresKey(at(words, 0), at(words, 1))
    const bound = squaresBound(number(attributes, 'rate'))
    const shape = numbers(attributes, 'shape')
    const kept = Array.from({ length: elementCount(shape) }, (_, i) =>
      squares32(BigInt(i), key) >= bound ? 1 : 0,
    )
    return [tensor('bool', shape, kept)]
  },
  derivative: { kind: 'none', reason: 'a random mask has no derivative' },
  narrow: 'none',
  flops: () => 0,
  rows: (rows) => [rows[0] === null ? null : 'coupled'],
  // Four words of 64 bits for each entry.
  memory: { workspace: ([mask]) => 4 * 8 * elementCount(mask?.shape ?? []) },
  sample: (random) => ({
    inputs: [tensor('i64', [2], [random.int(0, 2 ** 32 - 1), random.int(0, 2 ** 32 - 1)])],
    attributes: { shape: random.shape(1), rate: random.pick([0.1, 0.25, 0.5]) },
  }),
}
export default dropoutMask
