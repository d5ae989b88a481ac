import { binary } from './_elementwise.js'
import { allTypes, numberTypes } from './_types.js'
import type { Operator } from './operator.js'

const comparison = (name: string, sign: string, f: (x: number, y: number) => boolean): Operator =>
  binary({
    name,
    word: sign,
    doc: `x ${sign} y, element by element, with broadcasting; gives bool.`,
    narrow: 'none',
    accepts: name === 'Equal' ? allTypes : numberTypes,
    commutative: name === 'Equal',
    result: 'bool',
    f: (x, y) => Number(f(x, y)),
    derivative: { kind: 'zero' },
    sample(random) {
      const [a, c] = random.broadcastPair()
      const dtype = random.pick(['f32', 'i64'] as const)
      return {
        inputs: [random.ints(a, -2, 2, dtype), random.ints(c, -2, 2, dtype)],
        attributes: {},
        constant: [0, 1],
      }
    },
  })

export default [
  comparison('Equal', '==', (x, y) => x === y),
  comparison('Less', '<', (x, y) => x < y),
  comparison('LessOrEqual', '<=', (x, y) => x <= y),
  comparison('Greater', '>', (x, y) => x > y),
  comparison('GreaterOrEqual', '>=', (x, y) => x >= y),
]
