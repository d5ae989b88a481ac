import type { Builder } from '../graph/builder.js'
import { constantOf, type Value } from '../graph/graph.js'
import { type DType, type Tensor, type TensorType, formatType, isFloat, isNarrow } from '../graph/types.js'
import { TypeMismatch } from './operator.js'

/** What the operators' type rules share: reading inputs, element types and axes, and complaining in one voice. */

export const floatTypes: readonly DType[] = ['f32', 'f16', 'bf16', 'f64']
export const numberTypes: readonly DType[] = [...floatTypes, 'i64', 'i32']
export const integerTypes: readonly DType[] = ['i64', 'i32']
export const allTypes: readonly DType[] = [...numberTypes, 'u8', 'bool']

/** Input k, which the operator always has. */
export function given<T>(inputs: readonly (T | null)[], k: number): T {
  const input = inputs[k]
  if (input === null || input === undefined) throw new Error(`input ${k} is required`)
  return input
}

/** The integers of a constant input, such as a shape or axes. */
export function constantInts(value: Value): number[] {
  const constant = constantOf(value)
  if (!constant) throw new Error('a shape, axis or size input must be a constant')
  return ints(constant)
}

/** The values of a tensor, which holds few, as a list. */
export function ints({ data }: Tensor): number[] {
  const values: number[] = []
  for (let i = 0; i < data.length; i++) values.push(data[i] ?? 0)
  return values
}

/** "f32[4, 3] and f32[5]" */
export const listTypes = (types: readonly TensorType[]): string => types.map(formatType).join(' and ')

export function requireTypes(word: string, accepted: readonly DType[], ...values: readonly Value[]): void {
  for (const { type } of values) {
    if (accepted.includes(type.dtype)) continue
    throw new TypeMismatch(
      `${word} wants ${kindOf(accepted)}, not ${formatType(type)}`,
      `cast(x, ${accepted[0]}) converts it`,
    )
  }
}

function kindOf(accepted: readonly DType[]): string {
  if (accepted === floatTypes) return 'a float tensor'
  if (accepted.every((t) => integerTypes.includes(t))) return 'integers'
  const [only, ...others] = accepted
  return only !== undefined && others.length === 0 ? only : 'numbers'
}

export function requireSameType(word: string, ...values: readonly Value[]): void {
  const first = values[0]
  for (const other of values) {
    if (first && first.type.dtype !== other.type.dtype) {
      const types = listTypes([first.type, other.type])
      throw new TypeMismatch(
        `${word} wants one element type: ${types} differ`,
        `cast(x, ${first.type.dtype}) converts one of them`,
      )
    }
  }
}

export function requireRank(word: string, value: Value, rank: number, least = false): void {
  const have = value.type.shape.length
  if (least ? have >= rank : have === rank) return
  if (rank === 0) throw new TypeMismatch(`${word} wants a scalar, not ${formatType(value.type)}`)
  const wanted = `${least ? 'at least ' : ''}${rank} ${rank === 1 ? 'axis' : 'axes'}`
  throw new TypeMismatch(`${word} wants ${wanted}, ${formatType(value.type)} has ${have}`)
}

/** An axis in 0..rank-1; negative ones count from the end. */
export function wrapAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}

export function checkAxis(word: string, axis: number, type: TensorType): number {
  const rank = type.shape.length
  const wrapped = wrapAxis(axis, rank)
  if (Number.isInteger(axis) && wrapped >= 0 && wrapped < rank) return wrapped
  const own =
    rank === 1 ? 'its only axis is 0' : `its axes are 0 to ${rank - 1}, or -${rank} to -1 from the end`
  throw new TypeMismatch(`${word}: ${formatType(type)} has no axis ${axis}`, rank === 0 ? undefined : own)
}

export function checkAxes(word: string, axes: readonly number[], type: TensorType): number[] {
  const wrapped = axes.map((a) => checkAxis(word, a, type))
  if (new Set(wrapped).size === wrapped.length) return wrapped
  throw new TypeMismatch(`${word}: the axes [${axes.join(', ')}] of ${formatType(type)} name one axis twice`)
}

/** A value of 16 bits in f32, for what adds up; others as they are. */
export const wide = (b: Builder, value: Value): Value =>
  isNarrow(value.type.dtype) ? b.cast(value, 'f32') : value

export const isFloatValue = (value: Value): boolean => isFloat(value.type.dtype)

/** Constants are held and written element by element; larger ones are a slip of the pen. */
export function checkConstantSize(word: string, count: number): void {
  if (count <= 2 ** 20) return
  throw new TypeMismatch(`${word} makes a constant of at most ${2 ** 20} elements, not ${count}`)
}
