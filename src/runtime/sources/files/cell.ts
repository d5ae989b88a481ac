import { type TensorType, elementCount, formatType } from '../../../graph/types.js'
import type { ColumnType } from '../../../sources/source.js'
import type { ColumnValue, TensorValue } from '../dataset.js'
import { unreadable } from '../sample-unreadable.js'

/** A cell of a table as a value of its column's type; `picture` makes one of what stands for it. */
export function cellOf(
  value: unknown,
  type: ColumnType,
  place: string,
  picture: (value: unknown) => ColumnValue,
): ColumnValue {
  if (value === undefined || value === null) return unreadable(place, 'it is empty')
  if (type.kind === 'picture') return picture(value)
  if (type.kind === 'string') return typeof value === 'string' ? value : unreadable(place, 'it is no text')
  return numbersOf(value, type) ?? unreadable(place, `${brief(value)} is no ${formatType(type)}`)
}

const brief = (value: unknown): string => (JSON.stringify(value, asJson) ?? 'nothing').slice(0, 60)
const asJson = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value)
  return ArrayBuffer.isView(value) ? flattened(value) : value
}

/** Numbers, also as text and in lists of lists: as many as the type holds, in row-major order. */
function numbersOf(value: unknown, { dtype, shape }: TensorType): TensorValue | undefined {
  const flat = flattened(typeof value === 'string' && shape.length > 0 ? parsed(value) : value).map(numberOf)
  const whole = flat.every((n) => Number.isSafeInteger(n))
  if (flat.length !== elementCount(shape) || flat.some(Number.isNaN)) return undefined
  switch (dtype) {
    case 'f32':
      return flat.every((n) => Math.abs(n) === Infinity || Number.isFinite(Math.fround(n)))
        ? Float32Array.from(flat)
        : undefined
    case 'i64':
      return whole ? BigInt64Array.from(flat, BigInt) : undefined
    default:
      return whole && flat.every((n) => n >= 0 && n < (dtype === 'bool' ? 2 : 256))
        ? Uint8Array.from(flat)
        : undefined
  }
}

const flattened = (value: unknown): readonly unknown[] =>
  Array.isArray(value)
    ? value.flatMap(flattened)
    : ArrayBuffer.isView(value)
      ? [...(value as Float64Array)]
      : [value]

function numberOf(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return Number(value)
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
