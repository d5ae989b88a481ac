import { unary } from './_elementwise.js'
import { allTypes } from './_types.js'

export default {
  ...unary({
    name: 'Identity',
    word: 'identity',
    doc: 'x itself.',
    accepts: allTypes,
    f: (x) => x,
    derivative: ({ cotangent }) => cotangent,
    language: false,
  }),
  moves: [0],
  memory: { view: true },
}
