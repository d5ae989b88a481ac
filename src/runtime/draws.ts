import { createHash } from 'node:crypto'
import type { Distribution } from '../artefact/roles.js'
import { elementCount } from '../graph/types.js'
import { Philox } from './philox.js'
import type { HostArray } from './tensors.js'

/**
 * Random values as pure functions of where they stand. A draw's key is the first 8 bytes of
 * SHA-256(`<seed>\0<stage>\0<path>`), read as two little-endian words; the Philox counter is
 * (block within the row, row, step, micro-batch). The first axis of a shape is its rows; a scalar is one row. Each
 * block gives four words and each row starts a new block, so a row does not depend on how many rows there are.
 *
 * - uniform: low + word / 2^32 * (high - low) in float64, rounded to f32 and kept below high
 * - randint: low + floor(word * (high - low) / 2^32), which favours no value by more than (high - low) / 2^32
 * - normal: Box-Muller in float64 on word pairs, radius from (w0 + 1) / 2^32, angle from w1 / 2^32: cosine, then sine
 */
export interface Place {
  readonly key: DrawKey
  /** From 1; batches of an evaluation count from 0. */
  readonly step: number
  readonly micro: number
}

export type DrawKey = readonly [number, number]

/** The key of a name: the parts joined by NUL and hashed. */
export function drawKey(...parts: readonly (string | number)[]): DrawKey {
  const digest = createHash('sha256').update(parts.join('\0')).digest()
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)]
}

/** The values of one draw at one place, written over `out`, which has the shape's size. */
export function draw(
  distribution: Distribution,
  shape: readonly number[],
  place: Place,
  out: HostArray,
): void {
  switch (distribution.kind) {
    case 'normal':
      return normal(floats(out), shape, place, 0, 1)
    case 'uniform':
      return uniform(floats(out), shape, place, distribution.low, distribution.high)
    case 'randint':
      return randint(integers(out), shape, place, distribution.low, distribution.high)
  }
}

function floats(out: HostArray): Float32Array {
  if (out instanceof Float32Array) return out
  throw new Error('a normal or uniform draw is f32')
}

function integers(out: HostArray): BigInt64Array {
  if (out instanceof BigInt64Array) return out
  throw new Error('a randint draw is i64')
}

/** mean + std * z, z standard normal. */
export function normal(
  out: Float32Array,
  shape: readonly number[],
  place: Place,
  mean: number,
  std: number,
): void {
  eachBlock(shape, place, (words, at, count) => {
    const radius0 = std * Math.sqrt(-2 * Math.log((words.w0 + 1) / words32))
    const angle0 = (2 * Math.PI * words.w1) / words32
    out[at] = mean + radius0 * Math.cos(angle0)
    if (count > 1) out[at + 1] = mean + radius0 * Math.sin(angle0)
    if (count < 3) return
    const radius1 = std * Math.sqrt(-2 * Math.log((words.w2 + 1) / words32))
    const angle1 = (2 * Math.PI * words.w3) / words32
    out[at + 2] = mean + radius1 * Math.cos(angle1)
    if (count > 3) out[at + 3] = mean + radius1 * Math.sin(angle1)
  })
}

/** Values of [low, high); as f32 they may round to the f32 next to low, never to high. */
export function uniform(
  out: Float32Array,
  shape: readonly number[],
  place: Place,
  low: number,
  high: number,
): void {
  const last = below(high)
  const value = (word: number): number => Math.min(low + (word / words32) * (high - low), last)
  eachBlock(shape, place, (words, at, count) => {
    out[at] = value(words.w0)
    if (count > 1) out[at + 1] = value(words.w1)
    if (count > 2) out[at + 2] = value(words.w2)
    if (count > 3) out[at + 3] = value(words.w3)
  })
}

/** Integers of [low, high). */
function randint(
  out: BigInt64Array,
  shape: readonly number[],
  place: Place,
  low: number,
  high: number,
): void {
  const value = (word: number): bigint => BigInt(low + Math.floor((word * (high - low)) / words32))
  eachBlock(shape, place, (words, at, count) => {
    out[at] = value(words.w0)
    if (count > 1) out[at + 1] = value(words.w1)
    if (count > 2) out[at + 2] = value(words.w2)
    if (count > 3) out[at + 3] = value(words.w3)
  })
}

const words32 = 2 ** 32

/** Calls `use` with each block's words, the place of its first value and the number of values that it gives. */
function eachBlock(
  shape: readonly number[],
  { key, step, micro }: Place,
  use: (words: Philox, at: number, count: number) => void,
): void {
  const rows = shape[0] ?? 1
  const width = elementCount(shape.slice(1))
  const words = new Philox(...key)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column += 4) {
      words.block(column >>> 2, row, step, micro)
      use(words, row * width + column, Math.min(4, width - column))
    }
  }
}

/** The largest f32 strictly below a number. */
function below(x: number): number {
  const float = new Float32Array([x])
  const bits = new Int32Array(float.buffer)
  const rounded = Math.fround(x)
  if (rounded < x) return rounded
  if (rounded === 0) return -(2 ** -149)
  // The next f32 towards minus infinity: magnitudes are ordered like their bits.
  const [word = 0] = bits
  bits[0] = rounded > 0 ? word - 1 : word + 1
  const [previous = rounded] = float
  return previous
}
