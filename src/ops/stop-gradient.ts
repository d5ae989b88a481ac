import { unary } from './_elementwise.js'
import { allTypes } from './_types.js'

export default {
  ...unary({
    name: 'StopGradient',
    domain: 'dcrc',
    word: 'stop_gradient',
    doc: 'x itself, through which no gradient flows.',
    narrow: 'none',
    accepts: allTypes,
    f: (x) => x,
    derivative: 'zero',
  }),
  marker: true,
}
