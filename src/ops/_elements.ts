import { elementCount } from '../graph/types.js'
import { at, strides } from './_index.js'
import { wrapAxis } from './_types.js'

/** For each element of `indices` its place in x, when it replaces the coordinate along `axis`: x[i][indices[i, j]]. */
export function elementPlaces(
  shape: readonly number[],
  indices: { shape: readonly number[]; data: Float64Array },
  axis: number,
): Int32Array {
  const [own, steps] = [strides(shape), strides(indices.shape)]
  const places = new Int32Array(elementCount(indices.shape))
  for (let i = 0; i < places.length; i++) {
    let place = 0
    for (const [k, step] of steps.entries()) {
      const coordinate = Math.floor(i / step) % (indices.shape[k] ?? 1)
      place += (own[k] ?? 0) * (k === axis ? wrapAxis(at(indices.data, i), shape[k] ?? 1) : coordinate)
    }
    places[i] = place
  }
  return places
}

/** For each entry of `indices` [..., q] the place of the part of x that it names by its first q coordinates. */
export function entryPlaces(
  shape: readonly number[],
  indices: { shape: readonly number[]; data: Float64Array },
): { starts: Int32Array; run: number } {
  const q = indices.shape[indices.shape.length - 1] ?? 0
  const own = strides(shape)
  const starts = new Int32Array(elementCount(indices.shape.slice(0, -1)))
  for (let i = 0; i < starts.length; i++) {
    let start = 0
    for (let k = 0; k < q; k++) start += (own[k] ?? 0) * wrapAxis(at(indices.data, i * q + k), shape[k] ?? 1)
    starts[i] = start
  }
  return { starts, run: elementCount(shape.slice(q)) }
}
