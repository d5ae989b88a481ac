import type { Builder } from '../../graph/builder.js'
import { scalar, tensor } from '../../graph/types.js'
import { flag } from '../_attributes.js'
import { checkConstantSize, constantInts, given, requireRank } from '../_types.js'
import type { LanguageFunction } from '../language.js'
import type { Composite } from '../operator.js'

const trilu: Composite = {
  name: 'Trilu',
  doc: 'The upper (upper = 1) or lower triangle of the matrices in the last two axes, zeros elsewhere. Input 1, a scalar, moves the diagonal to the right.',
  attributes: { upper: 1 },
  expand(b, inputs, attributes) {
    const x = given(inputs, 0)
    requireRank('a triangle', x, 2, true)
    const [k = 0] = inputs[1] ? constantInts(inputs[1]) : []
    const [rows = 1, columns = 1] = x.type.shape.slice(-2)
    checkConstantSize('a triangle', rows * columns)
    const upper = flag(attributes, 'upper')
    const kept = Array.from({ length: rows * columns }, (_, at) => {
      const right = (at % columns) - Math.floor(at / columns)
      return Number(upper ? right >= k : right <= k)
    })
    const mask = b.constant(tensor('bool', [rows, columns], kept))
    return [b.where(mask, x, b.scalar(0, x.type.dtype))]
  },
  language: [triangle('triu', 'upper', 1), triangle('tril', 'lower', 0)],
  sample: (random) => ({
    inputs: [random.tensor(random.shape(2, 4)), random.bool() ? scalar(random.int(-3, 3), 'i64') : null],
    attributes: { upper: random.int(0, 1) },
  }),
}
export default trilu

function triangle(name: string, which: string, upper: number): LanguageFunction {
  return {
    name,
    doc: `The ${which} triangle of the matrices in the last two axes, zeros elsewhere; \`diagonal\` moves its border to the right.`,
    parameters: [
      { name: 'x', kind: 'tensor' },
      { name: 'diagonal', kind: 'int', default: 0 },
    ],
    build: (b: Builder, args) =>
      b.op('Trilu', [args.tensor('x'), b.scalar(args.int('diagonal'), 'i64')], { upper }),
  }
}
