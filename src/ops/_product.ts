import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { type Tensor, elementCount, tensor } from '../graph/types.js'
import { broadcastIndex, tryBroadcast } from './_broadcast.js'
import { at } from './_index.js'

/** Which operands of a matrix product are transposed, and a factor on the result. */
export interface ProductForm {
  readonly transA?: boolean
  readonly transB?: boolean
  readonly alpha?: number
}

/**
 * alpha op(x) op(y) of operands of rank two or more in the form that runs fastest: Gemm where one operand is a matrix
 * (rows of the other are merged), FusedMatMul for stacks of matrices. No Transpose is ever emitted.
 */
export function product(b: Builder, x: Value, y: Value, form: ProductForm = {}): Value {
  const { transA = false, transB = false, alpha = 1 } = form
  const [rankX, rankY] = [x.type.shape.length, y.type.shape.length]
  if (rankY === 2 && (rankX === 2 || !transA)) {
    const out = [...x.type.shape.slice(0, -1), transB ? size(y, 0) : size(y, 1)]
    const rows = rankX === 2 ? x : matrix(b, x)
    return rankX === 2
      ? gemm(b, rows, y, transA, transB, alpha)
      : b.reshape(gemm(b, rows, y, false, transB, alpha), out)
  }
  if (!transA && !transB && alpha === 1) return b.matmul(x, y)
  return b.op('FusedMatMul', [x, y], { transA: Number(transA), transB: Number(transB), alpha })
}

const gemm = (b: Builder, x: Value, y: Value, transA: boolean, transB: boolean, alpha: number): Value =>
  b.op('Gemm', [x, y, null], { transA: Number(transA), transB: Number(transB), alpha })

const size = (v: Value, axis: number): number => v.type.shape[axis] ?? 1

/** All axes but the last as one. */
export function matrix(b: Builder, x: Value): Value {
  const shape = x.type.shape
  return b.reshape(x, [elementCount(shape.slice(0, -1)), shape[shape.length - 1] ?? 1])
}

/** Cotangents of both operands of z = alpha op(x) op(y), operands of rank two or more. */
export function productCotangents(
  b: Builder,
  x: Value,
  y: Value,
  g: Value,
  form: ProductForm,
): [() => Value, () => Value] {
  const { transA = false, transB = false, alpha = 1 } = form
  return [
    () =>
      transA
        ? product(b, y, g, { transA: transB, transB: true, alpha })
        : product(b, g, y, { transB: !transB, alpha }),
    () => {
      // A stack of matrices against one matrix: the sum over the stack is one product of merged rows.
      const merged = y.type.shape.length === 2 && !transA
      const [left, cotangent] = merged ? [matrix(b, x), matrix(b, g)] : [x, g]
      return transB
        ? product(b, cotangent, left, { transA: true, transB: transA, alpha })
        : product(b, left, cotangent, { transA: !transA, alpha })
    },
  ]
}

/** alpha op(x) op(y) of stacks of matrices in float64. */
export function multiply(x: Tensor, y: Tensor, form: ProductForm = {}): Tensor {
  const { transA = false, transB = false, alpha = 1 } = form
  const [m, k] = dims(x, transA)
  const [, n] = dims(y, transB)
  const [stackX, stackY] = [x.shape.slice(0, -2), y.shape.slice(0, -2)]
  const stack = tryBroadcast([stackX, stackY]) ?? []
  const [ofX, ofY] = [broadcastIndex(stackX, stack), broadcastIndex(stackY, stack)]
  const out = new Float64Array(elementCount(stack) * m * n)
  const [stepXi, stepXp] = transA ? [1, m] : [k, 1]
  const [stepYp, stepYj] = transB ? [1, k] : [n, 1]
  for (const [s, bx] of ofX.entries()) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        const [rowX, columnY] = [bx * m * k + i * stepXi, at(ofY, s) * k * n + j * stepYj]
        for (let p = 0; p < k; p++) sum += at(x.data, rowX + p * stepXp) * at(y.data, columnY + p * stepYp)
        out[(s * m + i) * n + j] = alpha * sum
      }
    }
  }
  return tensor(x.dtype, [...stack, m, n], out)
}

/** Rows and columns of op(x). */
function dims(t: Tensor, transposed: boolean): [number, number] {
  const [rows, columns] = [t.shape[t.shape.length - 2] ?? 1, t.shape[t.shape.length - 1] ?? 1]
  return transposed ? [columns, rows] : [rows, columns]
}
