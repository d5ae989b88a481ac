import { unary } from './_elementwise.js'
import { allTypes } from './_types.js'

/** Phase 5 puts an input in the place of what stands before it; where it does not, it is computed. */
export default {
  ...unary({
    name: 'Cached',
    domain: 'dcrc',
    word: 'cached',
    doc: 'x itself, computed once for each row of its data and kept for other steps, stages and runs: `let z = cached clip.image_features(view)`. x is made row by row of fields that draw nothing and of parts that the stage does not train.',
    narrow: 'none',
    accepts: allTypes,
    f: (x) => x,
    derivative: ({ cotangent }) => cotangent,
  }),
  marker: true,
}
