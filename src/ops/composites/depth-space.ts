import { formatType } from '../../graph/types.js'
import { number, string } from '../_attributes.js'
import { given, requireRank } from '../_types.js'
import { type Composite, TypeMismatch } from '../operator.js'

const depthToSpace: Composite = {
  name: 'DepthToSpace',
  doc: "Channels of x [n, c, h, w] moved into blocks of r x r pixels, r being `blocksize`: [n, c / (r r), h r, w r]. In mode 'DCR' the place in the block comes before the channel, in 'CRD' after it, as in torch.nn.PixelShuffle.",
  attributes: { mode: 'DCR' },
  withoutDefault: ['blocksize'],
  expand(b, inputs, attributes) {
    const x = given(inputs, 0)
    requireRank('DepthToSpace', x, 4)
    const [n = 1, c = 1, h = 1, w = 1] = x.type.shape
    const r = number(attributes, 'blocksize')
    const rest = c / (r * r)
    if (r < 1 || !Number.isInteger(rest))
      throw new TypeMismatch(`the channels of ${formatType(x.type)} do not divide into blocks of ${r} x ${r}`)
    const moved =
      string(attributes, 'mode') === 'CRD'
        ? b.transpose(b.reshape(x, [n, rest, r, r, h, w]), [0, 1, 4, 2, 5, 3])
        : b.transpose(b.reshape(x, [n, r, r, rest, h, w]), [0, 3, 4, 1, 5, 2])
    return [b.reshape(moved, [n, rest, h * r, w * r])]
  },
  sample(random) {
    const r = random.int(1, 3)
    const shape = [random.int(1, 2), r * r * random.int(1, 2), random.int(1, 3), random.int(1, 3)]
    return { inputs: [random.tensor(shape)], attributes: { blocksize: r, mode: random.pick(['DCR', 'CRD']) } }
  },
}

const spaceToDepth: Composite = {
  name: 'SpaceToDepth',
  doc: 'Blocks of r x r pixels of x [n, c, h, w] moved into channels, r being `blocksize`: [n, r r c, h / r, w / r], the place in the block before the channel.',
  withoutDefault: ['blocksize'],
  expand(b, inputs, attributes) {
    const x = given(inputs, 0)
    requireRank('SpaceToDepth', x, 4)
    const [n = 1, c = 1, h = 1, w = 1] = x.type.shape
    const r = number(attributes, 'blocksize')
    if (r < 1 || h % r !== 0 || w % r !== 0)
      throw new TypeMismatch(`${formatType(x.type)} does not divide into blocks of ${r} x ${r} pixels`)
    const moved = b.transpose(b.reshape(x, [n, c, h / r, r, w / r, r]), [0, 3, 5, 1, 2, 4])
    return [b.reshape(moved, [n, c * r * r, h / r, w / r])]
  },
  sample(random) {
    const r = random.int(1, 3)
    const shape = [random.int(1, 2), random.int(1, 2), r * random.int(1, 3), r * random.int(1, 3)]
    return { inputs: [random.tensor(shape)], attributes: { blocksize: r } }
  },
}

export default [depthToSpace, spaceToDepth]
