import { formatType, tensor } from '../../graph/types.js'
import { constantInts, given } from '../_types.js'
import { type Composite, TypeMismatch } from '../operator.js'

const tile: Composite = {
  name: 'Tile',
  doc: 'x repeated as a whole, `repeats` times along each axis (input 1, one number per axis).',
  expand(b, inputs) {
    const x = given(inputs, 0)
    const { shape } = x.type
    const repeats = constantInts(given(inputs, 1))
    if (repeats.length !== shape.length || repeats.some((r) => !Number.isInteger(r) || r < 0)) {
      throw new TypeMismatch(
        `tile wants a number of repeats for each axis of ${formatType(x.type)}, not [${repeats.join(', ')}]`,
      )
    }
    const open = b.reshape(
      x,
      shape.flatMap((d) => [1, d]),
    )
    const repeated = b.expand(
      open,
      shape.flatMap((d, i) => [repeats[i] ?? 1, d]),
    )
    return [
      b.reshape(
        repeated,
        shape.map((d, i) => d * (repeats[i] ?? 1)),
      ),
    ]
  },
  language: [
    {
      name: 'tile',
      doc: 'x repeated as a whole, the given number of times along each axis: tile([1, 2], 2) gives [1, 2, 1, 2].',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'repeats', kind: 'ints' },
      ],
      build: (b, args) => b.op('Tile', [args.tensor('x'), b.ints(args.ints('repeats'))]),
    },
  ],
  sample(random) {
    const shape = random.shape(0, 3)
    const repeats = shape.map(() => random.int(1, 3))
    return { inputs: [random.tensor(shape), tensor('i64', [repeats.length], repeats)], attributes: {} }
  },
}
export default tile
