import type { Builder } from '../../graph/builder.js'
import type { Value } from '../../graph/graph.js'
import { elementCount, formatType, sameShape, tensor } from '../../graph/types.js'
import { number } from '../_attributes.js'
import { tryBroadcast } from '../_broadcast.js'
import { checkAxis, floatTypes, given, requireSameType, requireTypes, wrapAxis } from '../_types.js'
import { type Composite, TypeMismatch } from '../operator.js'

/** x [n, c, ...] with mean 0 and variance 1 over blocks of channels: rows of a layer normalisation. */
function normalized(b: Builder, x: Value, groups: number, epsilon: number): Value {
  const [n = 1] = x.type.shape
  const width = elementCount(x.type.shape) / (n * groups)
  const ones = b.constant(tensor(x.type.dtype, [width], new Float64Array(width).fill(1)))
  const rows = b.reshape(x, [n * groups, width])
  return b.reshape(b.op('LayerNormalization', [rows, ones, null], { axis: -1, epsilon }), x.type.shape)
}

/** y times scale plus bias, one number of each per channel. */
function perChannel(b: Builder, y: Value, scale: Value, bias: Value): Value {
  const [, c = 1, ...spatial] = y.type.shape
  const shape = [c, ...spatial.map(() => 1)]
  return b.add(b.mul(y, b.reshape(scale, shape)), b.reshape(bias, shape))
}

function checkChannels(word: string, x: Value, scale: Value, bias: Value): void {
  requireTypes(word, floatTypes, x)
  requireSameType(word, x, scale, bias)
  const [, c = 0] = x.type.shape
  for (const v of [scale, bias]) {
    if (x.type.shape.length > 1 && sameShape(v.type.shape, [c])) continue
    throw new TypeMismatch(
      `${word} of ${formatType(x.type)} wants one number per channel, [n, channels, ...], not ${formatType(v.type)}`,
    )
  }
}

const instance: Composite = {
  name: 'InstanceNormalization',
  doc: 'Each channel of each row of x [n, c, ...] shifted and scaled to mean 0 and variance 1, times scale [c], plus bias [c]. Source: Ulyanov et al. 2016.',
  attributes: { epsilon: 1e-5 },
  expand(b, inputs, attributes) {
    const [x, scale, bias] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
    checkChannels('instance normalization', x, scale, bias)
    const [, c = 1] = x.type.shape
    return [perChannel(b, normalized(b, x, c, number(attributes, 'epsilon')), scale, bias)]
  },
  sample(random) {
    const c = random.int(1, 3)
    const shape = [random.int(1, 3), c, random.int(3, 5), random.int(3, 5)]
    return {
      inputs: [random.tensor(shape), random.tensor([c]), random.tensor([c])],
      attributes: { epsilon: 1e-2 },
    }
  },
}

const group: Composite = {
  name: 'GroupNormalization',
  doc: 'Each of num_groups groups of channels of x [n, c, ...] shifted and scaled to mean 0 and variance 1, times scale [c], plus bias [c]. Source: Wu and He 2018.',
  attributes: { epsilon: 1e-5 },
  withoutDefault: ['num_groups'],
  expand(b, inputs, attributes) {
    const [x, scale, bias] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
    checkChannels('group normalization', x, scale, bias)
    const groups = number(attributes, 'num_groups')
    const [, c = 1] = x.type.shape
    if (groups < 1 || c % groups !== 0)
      throw new TypeMismatch(
        `group normalization: ${c} channels of ${formatType(x.type)} do not divide into ${groups} groups`,
      )
    return [perChannel(b, normalized(b, x, groups, number(attributes, 'epsilon')), scale, bias)]
  },
  sample(random) {
    const groups = random.int(1, 3)
    const c = groups * random.int(1, 2)
    const shape = [random.int(1, 2), c, random.int(3, 5), random.int(3, 5)]
    return {
      inputs: [random.tensor(shape), random.tensor([c]), random.tensor([c])],
      attributes: { num_groups: groups, epsilon: 1e-2 },
    }
  },
}

const rootMeanSquare: Composite = {
  name: 'RMSNormalization',
  doc: 'x divided by sqrt(mean(x x) + epsilon) over the axes from `axis` on, times scale. Source: Zhang and Sennrich 2019.',
  attributes: { axis: -1, epsilon: 1e-5 },
  expand(b, inputs, attributes) {
    const [x, scale] = [given(inputs, 0), inputs[1]]
    requireTypes('rms_normalization', floatTypes, x)
    if (scale) requireSameType('rms_normalization', x, scale)
    const axis = checkAxis('rms_normalization', number(attributes, 'axis'), x.type)
    const axes = x.type.shape.flatMap((_, i) => (i < axis ? [] : [i]))
    const wanted = tryBroadcast([x.type.shape, scale?.type.shape ?? []])
    if (!wanted || !sameShape(wanted, x.type.shape)) {
      throw new TypeMismatch(
        `rms_normalization of ${formatType(x.type)} wants a weight of shape [${x.type.shape.slice(axis).join(', ')}], not ${formatType((scale ?? x).type)}`,
      )
    }
    const epsilon = b.scalar(number(attributes, 'epsilon'), x.type.dtype)
    const size = b.sqrt(b.add(b.mean(b.mul(x, x), axes, true), epsilon))
    const unit = b.div(x, size)
    return [scale ? b.mul(unit, scale) : unit]
  },
  language: [
    {
      name: 'rms_normalization',
      doc: 'x divided by sqrt(mean(x x) + eps) over the axes from `axis` on, times weight (which may be none). Source: Zhang and Sennrich 2019.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'weight', kind: 'tensor', default: null },
        { name: 'axis', kind: 'int', default: -1 },
        { name: 'eps', kind: 'float', default: 1e-5 },
      ],
      build: (b, args) =>
        b.op('RMSNormalization', [args.tensor('x'), args.has('weight') ? args.tensor('weight') : null], {
          axis: args.int('axis'),
          epsilon: args.float('eps'),
        }),
    },
  ],
  sample(random) {
    const shape = [...random.shape(0, 3), random.int(2, 6)]
    const axis = random.axis(shape.length)
    const width = shape.slice(wrapAxis(axis, shape.length))
    return {
      inputs: [random.tensor(shape), random.bool(0.8) ? random.tensor(width) : null],
      attributes: { axis, epsilon: random.pick([1e-3, 1e-2]) },
    }
  },
}

export default [instance, group, rootMeanSquare]
