import { unary } from './_elementwise.js'
import { allTypes } from './_types.js'

export default {
  ...unary({
    name: 'Anchor',
    domain: 'dcrc',
    word: 'anchor',
    doc: 'x itself. It keeps passes before differentiation from computing around a value whose gradient is asked for.',
    narrow: 'none',
    accepts: allTypes,
    f: (x) => x,
    derivative: ({ cotangent }) => cotangent,
    language: false,
  }),
  marker: true,
}
