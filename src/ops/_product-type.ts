import type { Value } from '../graph/graph.js'
import { type TensorType, elementCount, formatType } from '../graph/types.js'
import { broadcastRows, tryBroadcast } from './_broadcast.js'
import { floatTypes, requireRank, requireSameType, requireTypes } from './_types.js'
import { type RowAxis, TypeMismatch } from './operator.js'

/** The type of op(x) op(y) for operands of rank two or more. */
export function productType(word: string, x: Value, y: Value, transA: boolean, transB: boolean): TensorType {
  requireTypes(word, floatTypes, x, y)
  requireSameType(word, x, y)
  requireRank(word, x, 2, true)
  requireRank(word, y, 2, true)
  const [m, k] = lastTwo(x.type.shape, transA)
  const [k2, n] = lastTwo(y.type.shape, transB)
  const form = (): string =>
    `${formatType(x.type)}${transA ? ' transposed' : ''} @ ${formatType(y.type)}${transB ? ' transposed' : ''}`
  if (k !== k2)
    throw new TypeMismatch(`${word} wants the inner dimensions to agree: ${form()} has ${k} and ${k2}`)
  const stack = tryBroadcast([x.type.shape.slice(0, -2), y.type.shape.slice(0, -2)])
  if (!stack) throw new TypeMismatch(`${word} cannot broadcast the leading dimensions of ${form()}`)
  return { dtype: x.type.dtype, shape: [...stack, m, n] }
}

function lastTwo(shape: readonly number[], transposed = false): [number, number] {
  const [rows, columns] = [shape[shape.length - 2] ?? 1, shape[shape.length - 1] ?? 1]
  return transposed ? [columns, rows] : [rows, columns]
}

const stacked = (fromEnd: number | null): boolean => fromEnd === null || fromEnd > 2

const stackOf = (shape: readonly number[]): readonly number[] => shape.slice(0, -2)

/** Rows of op(x) op(y): along the stack like an elementwise operator, or the rows of x, or the columns of y. */
export function productRows(
  rows: readonly RowAxis[],
  x: readonly number[],
  y: readonly number[],
  out: readonly number[],
  transA: boolean,
  transB: boolean,
): RowAxis | 'coupled' {
  const [rowX = null, rowY = null] = rows
  const rank = out.length
  const fromEndX = rowX === null ? null : x.length - rowX
  const fromEndY = rowY === null ? null : y.length - rowY
  if (stacked(fromEndX) && stacked(fromEndY)) {
    return broadcastRows([rowX, rowY], [stackOf(x), stackOf(y)], stackOf(out))
  }
  if (rowY === null) return fromEndX === (transA ? 1 : 2) ? rank - 2 : 'coupled'
  if (rowX === null) return fromEndY === (transB ? 2 : 1) ? rank - 1 : 'coupled'
  return 'coupled'
}

export const productFlops = (out: TensorType | undefined, inner: number): number =>
  2 * elementCount(out?.shape ?? []) * inner
