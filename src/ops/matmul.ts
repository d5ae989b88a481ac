import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { formatType } from '../graph/types.js'
import { multiply, productCotangents } from './_product.js'
import { productFlops, productRows, productType } from './_product-type.js'
import { given } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const matmul: Operator = {
  name: 'MatMul',
  domain: '',
  doc: 'The matrix product over the last two axes; leading axes broadcast: [..., m, k] @ [..., k, n] is [..., m, n].',
  infer: (inputs) => [productType('matmul', given(inputs, 0), given(inputs, 1), false, false)],
  value: (inputs) => [multiply(given(inputs, 0), given(inputs, 1))],
  derivative: {
    kind: 'rule',
    rule: ({ b, inputs, cotangent }) =>
      productCotangents(b, given(inputs, 0), given(inputs, 1), cotangent, {}),
  },
  multiplies: 'matrices',
  narrow: 'all',
  flops: ([x], [z]) => productFlops(z, x?.shape.at(-1) ?? 1),
  rows: (rows, inputs, [z]) => {
    const [x, y] = [given(inputs, 0), given(inputs, 1)]
    return [productRows(rows, x.type.shape, y.type.shape, z?.shape ?? [], false, false)]
  },
  broadcasts: 2,
  language: [
    {
      name: 'matmul',
      doc: 'The matrix product x @ y over the last two axes; leading axes broadcast, a vector is a row on the left and a column on the right.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'y', kind: 'tensor' },
      ],
      build: (b, args) => withVectors(b, args.tensor('x'), args.tensor('y')),
    },
  ],
  sample(random) {
    const [m, k, n] = [random.int(1, 5), random.int(1, 5), random.int(1, 5)]
    const [stackX, stackY] = random.broadcastPair(2)
    return { inputs: [random.tensor([...stackX, m, k]), random.tensor([...stackY, k, n])], attributes: {} }
  },
}
export default matmul

/** NumPy's rule for operands of rank one. */
function withVectors(b: Builder, x: Value, y: Value): Value {
  const [row, column] = [x.type.shape.length === 1, y.type.shape.length === 1]
  if (x.type.shape.length === 0 || y.type.shape.length === 0) {
    throw new TypeMismatch(
      `matmul wants vectors or matrices: ${formatType(x.type)} @ ${formatType(y.type)} has a scalar`,
      'x * y scales by a number',
    )
  }
  const left = row ? b.reshape(x, [1, ...x.type.shape]) : x
  const right = column ? b.reshape(y, [...y.type.shape, 1]) : y
  const z = b.matmul(left, right)
  const shape = z.type.shape
  return b.reshape(z, [
    ...shape.slice(0, -2),
    ...(row ? [] : shape.slice(-2, -1)),
    ...(column ? [] : shape.slice(-1)),
  ])
}
