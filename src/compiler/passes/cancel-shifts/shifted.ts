import type { Builder } from '../../../graph/builder.js'
import type { Value } from '../../../graph/graph.js'
import { sameShape } from '../../../graph/types.js'
import { aligned, shapeBeforeExpand } from '../shape-before-expand.js'

/**
 * What is known of a value that is a sum of two which broadcast against each other: `rest`, and a `shift` that is the
 * same all along some axis of the rest (a vector per picture that is added to each token of a constant text).
 */
export interface Shifted {
  readonly rest: Value
  readonly shift: Value
  /** What both broadcast to, of equal rank; the value itself may be a view of it that merges or splits axes. */
  readonly shape: readonly number[]
  /** No data reaches the rest, so that it need not be computed for each row of a batch. */
  readonly fixed: boolean
}

/** The two parts of a sum of shape `shape`, if `fixed` is larger than `shift` along some axis. */
export function shiftedSum(
  b: Builder,
  fixed: Value,
  shift: Value,
  shape: readonly number[],
): Shifted | undefined {
  const [rest, own] = [aligned(fixed, shape), aligned(shift, shape)]
  if (!rest.some((d, axis) => d > 1 && own[axis] === 1)) return undefined
  return { rest: b.reshape(fixed, rest), shift: b.reshape(shift, own), shape, fixed: true }
}

/** Both parts by themselves, in one way. */
export const mapParts = (
  s: Shifted,
  shape: readonly number[],
  change: (part: Value) => Value,
  fixed = s.fixed,
): Shifted => ({ rest: change(s.rest), shift: change(s.shift), shape, fixed })

/** The sum in another shape; one that cannot be given to both parts is only that of the value. */
export function reshaped(b: Builder, s: Shifted, to: readonly number[]): Shifted {
  const rest = partReshaped(b, s.rest, s, to)
  const shift = partReshaped(b, s.shift, s, to)
  return rest && shift ? { rest, shift, shape: to, fixed: s.fixed } : s
}

/** A part under another shape of the sum, copied along axes along which neither part varies if need be. */
function partReshaped(b: Builder, part: Value, s: Shifted, to: readonly number[]): Value | undefined {
  const own = part.type.shape
  const shape = shapeBeforeExpand(own, s.shape, to)
  if (shape) return b.reshape(part, shape)
  const wide = s.shape.map((d, a) => (s.rest.type.shape[a] === s.shift.type.shape[a] ? d : (own[a] ?? 1)))
  const copied = sameShape(wide, own) ? undefined : shapeBeforeExpand(wide, s.shape, to)
  return copied && b.reshape(b.expand(part, wide), copied)
}

/** The part at its full size along an axis, counted from the end. */
export function fullAlong(b: Builder, part: Value, s: Shifted, fromEnd: number): Value {
  const axis = s.shape.length - fromEnd
  return b.expand(
    part,
    part.type.shape.map((d, a) => (a === axis ? (s.shape[a] ?? d) : d)),
  )
}

/** Whether the shift is the same all along an axis, counted from the end, and the rest is not. */
export function isConstantAlong({ rest, shift, shape }: Shifted, fromEnd: number): boolean {
  const axis = shape.length - fromEnd
  return shift.type.shape[axis] === 1 && (rest.type.shape[axis] ?? 1) > 1
}

/** The value that a sum stands for. */
export const total = (b: Builder, s: Shifted, shape: readonly number[]): Value =>
  b.reshape(b.expand(b.add(s.rest, s.shift), s.shape), shape)
