import { unary } from './_elementwise.js'
import { allTypes } from './_types.js'

export default {
  ...unary({
    name: 'StateValue',
    domain: 'dcrc',
    word: 'state_value',
    doc: 'x itself, a state as a call finds it: what calls before have made of it stands in its place once it is known which calls a step makes.',
    narrow: 'none',
    settings: { call: 0, order: 0 },
    accepts: allTypes,
    f: (x) => x,
    derivative: 'zero',
    language: false,
  }),
  ofState: true,
}
