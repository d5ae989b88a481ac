import { binary, unary } from './_elementwise.js'
import type { Operator } from './operator.js'

const logic = (name: string, word: string, f: (x: number, y: number) => number): Operator =>
  binary({
    name,
    word,
    doc: `x ${word} y of bool tensors, element by element, with broadcasting.`,
    accepts: ['bool'],
    commutative: true,
    f,
    derivative: { kind: 'zero' },
    sample(random) {
      const [a, c] = random.broadcastPair()
      return { inputs: [random.bools(a), random.bools(c)], attributes: {} }
    },
  })

export default [
  logic('And', 'and', (x, y) => x * y),
  logic('Or', 'or', (x, y) => Math.max(x, y)),
  unary({
    name: 'Not',
    word: 'not',
    doc: 'The opposite of a bool tensor, element by element.',
    accepts: ['bool'],
    f: (x) => 1 - x,
    derivative: 'zero',
    language: false,
  }),
]
