import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { elementCount, formatType, tensor } from '../graph/types.js'
import { flag, number } from './_attributes.js'
import { broadcastRows, expandData, tryBroadcast } from './_broadcast.js'
import { at } from './_index.js'
import { matrix, multiply, productCotangents, type ProductForm } from './_product.js'
import { productFlops, productRows, productType } from './_product-type.js'
import { given, listTypes, requireRank, requireSameType } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const gemm: Operator = {
  name: 'Gemm',
  domain: '',
  doc: 'alpha op(x) op(y) + beta c for matrices, where op transposes if transA or transB says so and c broadcasts to the result.',
  attributes: { transA: 0, transB: 0, alpha: 1, beta: 1 },
  infer(inputs, attributes) {
    const [x, y, c] = [given(inputs, 0), given(inputs, 1), inputs[2]]
    requireRank('linear', x, 2)
    requireRank('linear', y, 2)
    const { transA, transB } = form(attributes)
    const type = productType('linear', x, y, transA, transB)
    if (c) {
      requireSameType('linear', x, c)
      const shape = tryBroadcast([type.shape, c.type.shape])
      if (!shape || elementCount(shape) !== elementCount(type.shape) || c.type.shape.length > 2) {
        throw new TypeMismatch(
          `linear cannot add the bias ${formatType(c.type)} to the product ${formatType(type)}`,
        )
      }
    }
    return [type]
  },
  value(inputs, attributes) {
    const product = multiply(given(inputs, 0), given(inputs, 1), form(attributes))
    const c = inputs[2]
    if (!c) return [product]
    const beta = number(attributes, 'beta')
    const added = expandData(c, product.shape)
    return [
      tensor(
        product.dtype,
        product.shape,
        product.data.map((v, i) => v + beta * at(added, i)),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const cotangents = productCotangents(
        b,
        given(inputs, 0),
        given(inputs, 1),
        cotangent,
        form(node.attributes),
      )
      return [
        ...cotangents,
        node.inputs[2] ? () => b.scale(cotangent, number(node.attributes, 'beta')) : null,
      ]
    },
  },
  multiplies: 'matrices',
  narrow: 'all',
  flops: ([x], [z], attributes) => productFlops(z, x?.shape.at(form(attributes).transA ? 0 : 1) ?? 1),
  rows(rows, inputs, [z], attributes) {
    const { transA, transB } = form(attributes)
    const shape = z?.shape ?? []
    const product = productRows(
      rows,
      given(inputs, 0).type.shape,
      given(inputs, 1).type.shape,
      shape,
      transA,
      transB,
    )
    const c = inputs[2]
    if (product === 'coupled' || !c) return [product]
    return [broadcastRows([product, rows[2] ?? null], [shape, c.type.shape], shape)]
  },
  language: [
    {
      name: 'linear',
      doc: 'x times the transpose of weight, plus bias: [..., d_in] with [d_out, d_in] and [d_out] gives [..., d_out].',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'weight', kind: 'tensor' },
        { name: 'bias', kind: 'tensor', default: null },
      ],
      build: (b, args) =>
        linear(b, args.tensor('x'), args.tensor('weight'), args.has('bias') ? args.tensor('bias') : null),
    },
  ],
  sample(random) {
    const [m, k, n] = [random.int(1, 5), random.int(1, 5), random.int(1, 5)]
    const [transA, transB] = [random.bool(), random.bool()]
    const bias = random.pick([null, [], [n], [1, n], [m, 1], [m, n]])
    return {
      inputs: [
        random.tensor(transA ? [k, m] : [m, k]),
        random.tensor(transB ? [n, k] : [k, n]),
        bias ? random.tensor(bias) : null,
      ],
      attributes: {
        transA: Number(transA),
        transB: Number(transB),
        alpha: random.pick([1, 0.5]),
        beta: random.pick([1, -2]),
      },
    }
  },
}
export default gemm

const form = (attributes: Attributes): Required<ProductForm> => ({
  transA: flag(attributes, 'transA'),
  transB: flag(attributes, 'transB'),
  alpha: number(attributes, 'alpha'),
})

/** Merged rows and a transposed read of the weight: the weight itself is never transposed, sliced or copied. */
function linear(b: Builder, x: Value, weight: Value, bias: Value | null): Value {
  requireRank("linear's weight", weight, 2)
  requireRank('linear', x, 1, true)
  const shape = x.type.shape
  const [dOut, dIn] = weight.type.shape
  if (shape[shape.length - 1] !== dIn) {
    const types = listTypes([x.type, weight.type])
    throw new TypeMismatch(
      `linear wants the last dimension of x to be the weight's d_in: ${types} have ${shape.at(-1)} and ${dIn}`,
    )
  }
  const rows = matrix(b, x) // [r, d_in]
  return b.reshape(b.op('Gemm', [rows, weight, bias], { transB: 1 }), [...shape.slice(0, -1), dOut ?? 1])
}
