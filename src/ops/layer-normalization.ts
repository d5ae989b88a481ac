import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { constantOf, producer } from '../graph/graph.js'
import { type DType, elementCount, formatType, isNarrow, sameShape, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { once } from '../once.js'
import { at } from './_index.js'
import { product } from './_product.js'
import { checkAxis, floatTypes, given, requireSameType, requireTypes, wide, wrapAxis } from './_types.js'
import { type DerivativeContext, type Operator, TypeMismatch } from './operator.js'

const layerNormalization: Operator = {
  name: 'LayerNormalization',
  domain: '',
  doc: 'x shifted and scaled to mean 0 and variance 1 over the axes from `axis` on, times scale, plus bias; outputs Y, Mean and InvStdDev = 1 / sqrt(variance + epsilon), the last two with those axes of size 1, in f32 where x has 16 bits.',
  attributes: { axis: -1, epsilon: 1e-5, stash_type: 1 },
  infer(inputs, attributes) {
    const [x, scale, bias] = [given(inputs, 0), given(inputs, 1), inputs[2]]
    requireTypes('layer_normalization', floatTypes, x)
    requireSameType('layer_normalization', x, scale, ...(bias ? [bias] : []))
    const axis = checkAxis('layer_normalization', number(attributes, 'axis'), x.type)
    const wanted = x.type.shape.slice(axis)
    for (const v of bias ? [scale, bias] : [scale]) {
      if (sameShape(v.type.shape, wanted)) continue
      throw new TypeMismatch(
        `layer_normalization of ${formatType(x.type)} from axis ${axis} on wants weight and bias of shape [${wanted.join(', ')}], not ${formatType(v.type)}`,
      )
    }
    const dtype = statisticsType(x.type.dtype)
    const statistics = { dtype, shape: x.type.shape.map((d, i) => (i < axis ? d : 1)) }
    return [x.type, statistics, statistics]
  },
  value(inputs, attributes) {
    const [x, scale, bias] = [given(inputs, 0), given(inputs, 1), inputs[2]]
    const axis = wrapAxis(number(attributes, 'axis'), x.shape.length)
    const width = elementCount(x.shape.slice(axis))
    const rows = x.data.length / width
    const [y, means, inverses] = [
      new Float64Array(x.data.length),
      new Float64Array(rows),
      new Float64Array(rows),
    ]
    for (let r = 0; r < rows; r++) {
      const row = x.data.subarray(r * width, (r + 1) * width)
      const mean = row.reduce((a, v) => a + v, 0) / width
      const inverse =
        1 / Math.sqrt(row.reduce((a, v) => a + (v - mean) ** 2, 0) / width + number(attributes, 'epsilon'))
      for (const [i, v] of row.entries())
        y[r * width + i] = (v - mean) * inverse * at(scale.data, i) + (bias?.data[i] ?? 0)
      means[r] = mean
      inverses[r] = inverse
    }
    const kept = x.shape.map((d, i) => (i < axis ? d : 1))
    const statistics = statisticsType(x.dtype)
    return [tensor(x.dtype, x.shape, y), tensor(statistics, kept, means), tensor(statistics, kept, inverses)]
  },
  derivative: { kind: 'rule', rule },
  narrow: 'all',
  flops: ([x]) => 8 * elementCount(x?.shape ?? []),
  rows: ([row = null, ...others], inputs, outputs, attributes) => {
    const axis = wrapAxis(number(attributes, 'axis'), given(inputs, 0).type.shape.length)
    const statistics = row !== null && row >= axis ? 'coupled' : row
    return outputs.map((_, k) => (k === 0 && others.some((r) => r !== null) ? 'coupled' : statistics))
  },
  language: [
    {
      name: 'layer_normalization',
      doc: 'x shifted and scaled to mean 0 and variance 1 over the axes from `axis` on, times weight, plus bias (each may be none).',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'weight', kind: 'tensor', default: null },
        { name: 'bias', kind: 'tensor', default: null },
        { name: 'axis', kind: 'int', default: -1 },
        { name: 'eps', kind: 'float', default: 1e-5 },
      ],
      build(b, args) {
        const x = args.tensor('x')
        const axis = checkAxis('layer_normalization', args.int('axis'), x.type)
        const width = x.type.shape.slice(axis)
        const weight = args.has('weight') ? args.tensor('weight') : ones(b, x.type.dtype, width)
        const bias = args.has('bias') ? args.tensor('bias') : null
        return b.op('LayerNormalization', [x, weight, bias], { axis, epsilon: args.float('eps') })
      },
    },
  ],
  sample(random) {
    const shape = [...random.shape(0, 3), random.int(2, 6)]
    const axis = random.axis(shape.length)
    const width = shape.slice(wrapAxis(axis, shape.length))
    const ones = tensor('f32', width, new Float64Array(elementCount(width)).fill(1))
    const plain = random.bool(0.3)
    const sample = [
      random.tensor(shape),
      plain ? ones : random.tensor(width),
      random.bool() ? random.tensor(width) : null,
    ]
    return {
      inputs: sample,
      attributes: { axis, epsilon: random.pick([1e-5, 1e-2]), stash_type: 1 },
      constant: plain ? [1] : [],
    }
  },
}
export default layerNormalization

/** The scale of a normalisation without one, which onnxruntime wants given: a large one is expanded from one number. */
function ones(b: Builder, dtype: DType, shape: readonly number[]): Value {
  const count = elementCount(shape)
  if (count > largestConstant) return b.expand(b.scalar(1, dtype), shape)
  return b.constant(tensor(dtype, shape, new Float64Array(count).fill(1)))
}

const largestConstant = 4096

/** That of ONNX's stash_type = 1: f32, but for doubles. */
const statisticsType = (dtype: DType): DType => (isNarrow(dtype) ? 'f32' : dtype)

/** Whether a scale is known to be 1 everywhere. */
function isOnes(scale: Value): boolean {
  const node = producer(scale)
  const source = node?.op === 'Expand' ? (node.inputs[0] ?? scale) : scale
  return constantOf(source)?.data.every((v) => v === 1) ?? false
}

/**
 * With d = x - mean, r = InvStdDev and width n, for y = d r s + b and cotangents g, m and v of the three outputs:
 *   dx = r (g s - sum(g s) / n - d r^2 sum(g s d) / n) + m / n - v r^3 d / n
 *   ds = sum over rows of g d r,  db = sum over rows of g
 * The sums of products with s and r are matrix-vector products, which need no product of full size. All in f32 where x
 * has 16 bits.
 */
function rule({ b, node, inputs, outputs, cotangents }: DerivativeContext): (null | (() => Value))[] {
  const [x, scale] = [wide(b, given(inputs, 0)), wide(b, given(inputs, 1))]
  const { width, rows } = sizes(x.type.shape, node.attributes)
  const matrix = (v: Value): Value => b.reshape(v, [rows, width])
  const column = (v: Value): Value => b.reshape(v, [rows, 1])
  const r = column(given(outputs, 2))
  const g = cotangents[0] ? matrix(wide(b, cotangents[0])) : undefined
  const d = once(() => b.sub(matrix(x), column(given(outputs, 1))))
  const gd = once(() => (g ? b.mul(g, d()) : b.zerosLike(d())))
  const plain = isOnes(given(inputs, 1))
  /** sum(v s) / n per row. */
  const average = (v: Value): Value =>
    plain ? b.mean(v, [1], true) : product(b, v, b.reshape(scale, [width, 1]), { alpha: 1 / width })

  const dx = (): Value => {
    const parts: Value[] = []
    if (g) {
      const direct = plain ? g : b.mul(g, b.reshape(scale, [width]))
      const alongD = b.mul(d(), b.mul(average(gd()), b.mul(r, r)))
      parts.push(b.mul(b.sub(b.sub(direct, alongD), average(g)), r))
    }
    if (cotangents[1]) parts.push(b.scale(column(cotangents[1]), 1 / width))
    if (cotangents[2])
      parts.push(b.mul(d(), b.scale(b.mul(column(cotangents[2]), b.mul(r, b.mul(r, r))), -1 / width)))
    const sum = parts.reduce((a, p) => b.add(a, p))
    return b.reshape(b.expand(sum, [rows, width]), x.type.shape)
  }
  const toScale = (v: Value): Value => b.reshape(v, scale.type.shape)
  return [
    dx,
    () => toScale(product(b, r, gd(), { transA: true })),
    node.inputs[2] ? () => toScale(g ? b.sum(g, [0]) : b.zerosLike(scale)) : null,
  ]
}

function sizes(shape: readonly number[], attributes: Attributes): { width: number; rows: number } {
  const axis = wrapAxis(number(attributes, 'axis'), shape.length)
  return { width: elementCount(shape.slice(axis)), rows: elementCount(shape.slice(0, axis)) }
}
