import type { Attributes } from '../graph/graph.js'
import { flag, number } from './_attributes.js'
import { multiply, productCotangents, type ProductForm } from './_product.js'
import { productFlops, productRows, productType } from './_product-type.js'
import { given } from './_types.js'
import type { Operator } from './operator.js'

const fusedMatMul: Operator = {
  name: 'FusedMatMul',
  domain: 'com.microsoft',
  doc: 'alpha op(x) op(y) over the last two axes, where op transposes them if transA or transB says so; leading axes broadcast.',
  attributes: { transA: 0, transB: 0, transBatchA: 0, transBatchB: 0, alpha: 1 },
  infer(inputs, attributes) {
    const { transA, transB } = form(attributes)
    return [productType('matmul', given(inputs, 0), given(inputs, 1), transA, transB)]
  },
  value: (inputs, attributes) => [multiply(given(inputs, 0), given(inputs, 1), form(attributes))],
  derivative: {
    kind: 'rule',
    rule: ({ b, node, inputs, cotangent }) =>
      productCotangents(b, given(inputs, 0), given(inputs, 1), cotangent, form(node.attributes)),
  },
  multiplies: 'matrices',
  narrow: 'all',
  flops: ([x], [z], attributes) => productFlops(z, x?.shape.at(form(attributes).transA ? -2 : -1) ?? 1),
  rows(rows, inputs, [z], attributes) {
    const { transA, transB } = form(attributes)
    return [
      productRows(
        rows,
        given(inputs, 0).type.shape,
        given(inputs, 1).type.shape,
        z?.shape ?? [],
        transA,
        transB,
      ),
    ]
  },
  broadcasts: 2,
  sample(random) {
    const [m, k, n] = [random.int(1, 5), random.int(1, 5), random.int(1, 5)]
    const [transA, transB] = [random.bool(), random.bool()]
    const [stackX, stackY] = random.broadcastPair(2)
    const [x, y] = [transA ? [k, m] : [m, k], transB ? [n, k] : [k, n]]
    return {
      inputs: [random.tensor([...stackX, ...x]), random.tensor([...stackY, ...y])],
      attributes: { transA: Number(transA), transB: Number(transB), alpha: random.pick([1, 0.5, -2]) },
    }
  },
}
export default fusedMatMul

function form(attributes: Attributes): Required<ProductForm> {
  if (flag(attributes, 'transBatchA') || flag(attributes, 'transBatchB'))
    throw new Error('FusedMatMul: transBatch is not used')
  return {
    transA: flag(attributes, 'transA'),
    transB: flag(attributes, 'transB'),
    alpha: number(attributes, 'alpha'),
  }
}
