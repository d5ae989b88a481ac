import { type Value, producer } from '../graph/graph.js'

import { type Tensor, type TensorType, elementCount, sameShape } from '../graph/types.js'
import { affineIndex, strides } from './_index.js'
import { listTypes } from './_types.js'
import { type RowAxis, TypeMismatch } from './operator.js'

/** The shape that NumPy's rule gives, or undefined where sizes differ and none is 1. */
export function tryBroadcast(shapes: readonly (readonly number[])[]): number[] | undefined {
  // asked of most nodes that are made: no lists or iterators on the way
  let rank = 0
  for (let k = 0; k < shapes.length; k++) rank = Math.max(rank, shapes[k]?.length ?? 0)
  const out: number[] = []
  for (let axis = 0; axis < rank; axis++) {
    let size = 1
    for (let k = 0; k < shapes.length; k++) {
      const shape = shapes[k] ?? []
      const own = shape[shape.length - rank + axis] ?? 1
      if (own === 1 || own === size) continue
      if (size !== 1) return undefined
      size = own
    }
    out.push(size)
  }
  return out
}

/** The broadcast shape; `word` names the operation for the message. */
export function broadcastShape(word: string, types: readonly TensorType[]): number[] {
  const shape = tryBroadcast(types.map((t) => t.shape))
  if (!shape)
    throw new TypeMismatch(
      `${word} cannot broadcast ${listTypes(types)}: ${conflict(types.map((t) => t.shape))}`,
    )
  return shape
}

/** "counted from the end, axis -1 has sizes 3 and 4" */
function conflict(shapes: readonly (readonly number[])[]): string {
  const rank = Math.max(0, ...shapes.map((s) => s.length))
  for (let back = 1; back <= rank; back++) {
    const sizes = [...new Set(shapes.map((s) => s[s.length - back] ?? 1))].filter((d) => d !== 1)
    if (sizes.length > 1) return `axis -${back} has the sizes ${sizes.join(' and ')}`
  }
  return 'their sizes differ'
}

/** For each element of the output the element of an operand. */
export function broadcastIndex(shape: readonly number[], out: readonly number[]): Int32Array {
  const own = strides(shape)
  const missing = out.length - shape.length
  return affineIndex(
    out,
    out.map((_, i) => (i < missing || shape[i - missing] === 1 ? 0 : (own[i - missing] ?? 0))),
  )
}

/** The operands' elements, expanded to the output's shape. */
export function expandData(t: Tensor, out: readonly number[]): Float64Array {
  if (sameShape(t.shape, out)) return t.data
  const index = broadcastIndex(t.shape, out)
  return Float64Array.from({ length: elementCount(out) }, (_, i) => t.data[index[i] ?? 0] ?? 0)
}

/** Whether a tensor holds the same at every place of an axis: its size is 1 there, or an Expand made it larger. */
export function repeatsAlong(value: Value | null, axis: number): boolean {
  if (!value) return false
  const { shape } = value.type
  if (shape[axis] === 1) return true
  const node = producer(value)
  const source = node?.op === 'Expand' ? node.inputs[0] : undefined
  if (!source) return false
  return (source.type.shape[axis - shape.length + source.type.shape.length] ?? 1) === 1
}

/** Rows of an elementwise operator: all operands that have rows must have them along one axis of the output. */
export function broadcastRows(
  rows: readonly RowAxis[],
  shapes: readonly (readonly number[] | null)[],
  out: readonly number[],
): RowAxis | 'coupled' {
  const missing = shapes.map((shape) => out.length - (shape?.length ?? 0))
  const axes = rows.map((row, k) => (row === null ? null : row + (missing[k] ?? 0)))
  const axis = axes.find((a) => a !== null)
  if (axis === undefined || axis === null) return null
  for (const [k, shape] of shapes.entries()) {
    if (!shape) continue
    const size = shape[axis - (missing[k] ?? 0)] ?? 1
    const own = axes[k] ?? null
    if (own === null ? size !== 1 : own !== axis || size !== out[axis]) return 'coupled'
  }
  return axis
}

/** The shapes of operands, for `broadcastRows`. */
export const shapesOf = (inputs: readonly (Value | null)[]): (readonly number[] | null)[] =>
  inputs.map((v) => v?.type.shape ?? null)
