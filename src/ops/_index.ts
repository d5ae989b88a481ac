import type { Attributes, Value } from '../graph/graph.js'
import { elementCount } from '../graph/types.js'
import { number } from './_attributes.js'
import { given, wrapAxis } from './_types.js'

/** Row-major strides. */
export function strides(shape: readonly number[]): number[] {
  const result: number[] = Array.from({ length: shape.length }, () => 1)
  for (let i = shape.length - 2; i >= 0; i--) result[i] = (result[i + 1] ?? 1) * (shape[i + 1] ?? 1)
  return result
}

/**
 * For each element of `shape` in order, `offset + sum of coordinate times stride`. Transposing, slicing, flipping and
 * broadcasting differ only in strides and offset.
 */
export function affineIndex(shape: readonly number[], steps: readonly number[], offset = 0): Int32Array {
  const index = new Int32Array(elementCount(shape))
  if (index.length === 0) return index
  const at = shape.map(() => 0)
  let position = offset
  for (let i = 0; ; i++) {
    index[i] = position
    let axis = shape.length - 1
    for (; axis >= 0; axis--) {
      const step = steps[axis] ?? 0
      at[axis] = (at[axis] ?? 0) + 1
      position += step
      if ((at[axis] ?? 0) < (shape[axis] ?? 0)) break
      position -= step * (shape[axis] ?? 0)
      at[axis] = 0
    }
    if (axis < 0) return index
  }
}

/** Elements picked by index. */
export function pick(data: Float64Array, index: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: index.length }, (_, i) => at(data, index[i] ?? 0))
}

/** An element that must exist. */
export function at(data: ArrayLike<number>, i: number): number {
  const value = data[i]
  if (value === undefined) throw new Error(`index ${i} outside of ${data.length} elements`)
  return value
}

/** Splits a shape at an axis: elements before, along and after it. */
export function around(
  shape: readonly number[],
  axis: number,
): [before: number, size: number, after: number] {
  return [elementCount(shape.slice(0, axis)), shape[axis] ?? 1, elementCount(shape.slice(axis + 1))]
}

/** Of operators whose second operand holds coordinates of the first; where those have different sizes, it tells none. */
export function placesByCoordinates(
  inputs: readonly (Value | null)[],
): { readonly operand: number; readonly size: number } | undefined {
  const sizes = given(inputs, 0).type.shape.slice(0, given(inputs, 1).type.shape.at(-1))
  const [size] = sizes
  return size !== undefined && sizes.every((n) => n === size) ? { operand: 1, size } : undefined
}

/** Of operators whose second operand holds places along `axis` of the first. */
export function placesAlong(
  inputs: readonly (Value | null)[],
  attributes: Attributes,
): { readonly operand: number; readonly size: number } {
  const { shape } = given(inputs, 0).type
  return { operand: 1, size: shape[wrapAxis(number(attributes, 'axis'), shape.length)] ?? 1 }
}
