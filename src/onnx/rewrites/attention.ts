import type { Builder } from '../../graph/builder.js'
import { type Value, constantOf } from '../../graph/graph.js'
import { type DType, elementCount, formatType, tensor } from '../../graph/types.js'
import { maxConstant } from '../constant-values.js'
import { damaged, unsupported } from '../problem.js'
import type { Rewrite, RewriteContext } from './rewrite.js'

/** [b, s, heads * d] as [b, heads, s, d]; what has four axes has its heads already. */
function split(c: RewriteContext, x: Value, attribute: string): Value {
  const { shape } = x.type
  if (shape.length === 4) return x
  const [rows = 1, length = 1, width = 1] = shape
  const heads = c.int(attribute, 0)
  if (shape.length !== 3 || heads < 1 || width % heads !== 0)
    return damaged(`its ${attribute} is ${heads} for ${formatType(x.type)}`)
  return c.b.transpose(c.b.reshape(x, [rows, length, heads, width / heads]), [0, 2, 1, 3])
}

/** [b, heads, s, d] with each head `times` times, one behind the other. */
function repeatHeads(b: Builder, x: Value, times: number): Value {
  const [rows = 1, heads = 1, length = 1, width = 1] = x.type.shape
  if (times === 1) return x
  const apart = b.reshape(x, [rows, heads, 1, length, width])
  return b.reshape(b.expand(apart, [rows, heads, times, length, width]), [rows, heads * times, length, width])
}

/** 0 where a query may attend to a key, -inf elsewhere. */
const bias = (b: Builder, allowed: Value, dtype: DType): Value =>
  b.where(allowed, b.scalar(0, dtype), b.scalar(-Infinity, dtype))

/** What a query may attend to by its place: keys up to its own, or in a window around it. */
function byPlace(c: RewriteContext, queries: number, keys: number, before: Value | number): Value | null {
  const window = [c.int('left_window_size', -1), c.int('right_window_size', -1)] as const
  const right = c.int('is_causal', 0) !== 0 ? 0 : window[1]
  if (window[0] < 0 && right < 0) return null
  if (queries * keys > maxConstant)
    return unsupported(`its mask has ${queries * keys} places, more than ${maxConstant}`)
  const { b } = c
  const { dtype } = c.input(0).type
  // How far a key lies to the right of a query, if nothing stands before the first.
  const apart = Array.from({ length: queries * keys }, (_, k) => (k % keys) - Math.floor(k / keys))
  if (typeof before === 'number') {
    const isInside = (d: number): boolean =>
      (right < 0 || d - before <= right) && (window[0] < 0 || before - d <= window[0])
    const values = apart.map((d) => (isInside(d) ? 0 : -Infinity))
    return b.constant(tensor(dtype, [queries, keys], values))
  }
  const distance = b.sub(b.constant(tensor('i64', [1, 1, queries, keys], apart)), before)
  const limits = [
    ...(right < 0 ? [] : [b.op('LessOrEqual', [distance, b.scalar(right, 'i64')])]),
    ...(window[0] < 0 ? [] : [b.op('LessOrEqual', [b.neg(distance), b.scalar(window[0], 'i64')])]),
  ]
  return bias(
    b,
    limits.reduce((x, y) => b.op('And', [x, y])),
    dtype,
  )
}

/** The mask that is given, as what is added to scores; what it does not reach is left out. */
function byMask(c: RewriteContext, mask: Value, keys: number): Value {
  const { b } = c
  const { dtype } = c.input(0).type
  const added = mask.type.dtype === 'bool' ? bias(b, mask, dtype) : mask
  const missing = keys - (mask.type.shape.at(-1) ?? keys)
  if (missing <= 0) return added
  const head = mask.type.shape.slice(0, -1)
  const rest = b.expand(b.scalar(-Infinity, dtype), [...head, missing])
  return b.concat([added, rest], head.length)
}

/** Of each row of scores the softmax; where nothing may be attended to, zeros. */
function weights(b: Builder, scores: Value, mayBeEmpty: boolean): Value {
  const last = scores.type.shape.length - 1
  const softmax = (x: Value): Value => b.op('Softmax', [x], { axis: -1 })
  if (!mayBeEmpty) return softmax(scores)
  const { dtype } = scores.type
  const largest = b.op('ReduceMax', [scores, b.ints([last])], { keepdims: 1 })
  const isEmpty = b.op('Equal', [largest, b.scalar(-Infinity, dtype)])
  const zero = b.scalar(0, dtype)
  return b.where(isEmpty, zero, softmax(b.where(isEmpty, zero, scores)))
}

/** Whether every query may attend to something, as far as constants tell. */
function leavesEmpty(biases: readonly Value[]): boolean {
  const [only] = biases
  const known = biases.length === 1 ? constantOf(only) : undefined
  if (!known) return biases.length > 0
  const keys = known.shape.at(-1) ?? 1
  return known.data.some(
    (_, k) => k % keys === 0 && known.data.slice(k, k + keys).every((v) => v === -Infinity),
  )
}

/** softmax(softcap(scale q k^T) + bias) v, of heads apart. Opset 23. */
const attention: Rewrite = (c) => {
  const { b } = c
  const three = c.input(0).type.shape.length === 3
  const q = split(c, c.input(0), 'q_num_heads')
  const join = (past: Value | null, x: Value): Value => (past ? b.concat([past, x], 2) : x)
  const past = c.optional(4)
  const presentKey = join(past, split(c, c.input(1), 'kv_num_heads'))
  const presentValue = join(c.optional(5), split(c, c.input(2), 'kv_num_heads'))
  const [rows = 1, heads = 1, queries = 1, width = 1] = q.type.shape
  const [, own = 1, keys = 1] = presentKey.type.shape
  if (heads % own !== 0) return damaged(`it has ${heads} heads of queries for ${own} of keys`)
  const [k, v] = [presentKey, presentValue].map((x) => repeatHeads(b, x, heads / own))
  if (!k || !v) throw new Error('two values')
  const { dtype } = q.type

  const lengths = c.optional(6)
  const valid = lengths && b.reshape(lengths, [rows, 1, 1, 1])
  const before = valid && !past ? b.sub(valid, b.scalar(queries, 'i64')) : (past?.type.shape[2] ?? 0)
  const mask = c.optional(3)
  const place = byPlace(c, queries, keys, before)
  const range =
    valid &&
    b.constant(
      tensor(
        'i64',
        [keys],
        Array.from({ length: keys }, (_, i) => i),
      ),
    )
  const biases = [
    mask && byMask(c, mask, keys),
    place,
    valid && range && bias(b, b.op('Less', [range, valid]), dtype),
  ].filter((x) => x !== null)

  // each factor gets its share, against overflow
  const scale = Math.sqrt(c.has('scale') ? c.int('scale', 1) : 1 / Math.sqrt(width))
  const raw = b.matmul(b.scale(q, scale), b.transpose(b.scale(k, scale), [0, 1, 3, 2]))
  const cap = c.int('softcap', 0)
  const capped = cap > 0 ? b.scale(b.op('Tanh', [b.scale(raw, 1 / cap)]), cap) : raw
  const scores =
    biases.length > 0
      ? b.add(
          capped,
          biases.reduce((x, y) => b.add(x, y)),
        )
      : capped
  const precise = b.cast(scores, c.text('softmax_precision', dtype) as DType)
  const shares = b.cast(weights(b, precise, leavesEmpty(biases)), dtype)
  const y = b.matmul(shares, v)
  const joined = b.reshape(b.transpose(y, [0, 2, 1, 3]), [
    rows,
    queries,
    elementCount(y.type.shape) / rows / queries,
  ])
  const shown = [raw, capped, scores, shares][c.int('qk_matmul_output_mode', 0)]
  if (!shown) return damaged('its qk_matmul_output_mode is none of 0 to 3')
  return [three ? joined : y, presentKey, presentValue, shown]
}

/** Pairs of elements turned by the angles of their place. Opset 23. */
const rotary: Rewrite = (c) => {
  const { b } = c
  const given = c.input(0)
  const four = given.type.shape.length === 4
  const x = four ? given : split(c, given, 'num_heads') // [b, heads, s, d]
  const [rows = 1, , length = 1, width = 1] = x.type.shape
  const turned = c.int('rotary_embedding_dim', 0) || width
  const half = turned / 2
  const places = c.optional(3)
  const along = (cache: Value): Value => {
    const chosen = places ? b.op('Gather', [cache, places], { axis: 0 }) : cache
    return b.reshape(chosen, [rows, 1, length, half])
  }
  const [cos, sin] = [along(c.input(1)), along(c.input(2))]
  const interleaved = c.int('interleaved', 0) !== 0
  const part = (k: 0 | 1): Value =>
    interleaved ? b.slice(x, 3, k, turned, 2) : b.slice(x, 3, k * half, (k + 1) * half)
  const [x1, x2] = [part(0), part(1)]
  const real = b.sub(b.mul(cos, x1), b.mul(sin, x2))
  const imaginary = b.add(b.mul(sin, x1), b.mul(cos, x2))
  const last = (v: Value): Value => b.reshape(v, [...v.type.shape, 1])
  const rotated = interleaved
    ? b.reshape(b.concat([last(real), last(imaginary)], 4), [...x.type.shape.slice(0, 3), turned])
    : b.concat([real, imaginary], 3)
  const whole = turned < width ? b.concat([rotated, b.slice(x, 3, turned, width)], 3) : rotated
  return [four ? whole : b.reshape(b.transpose(whole, [0, 2, 1, 3]), given.type.shape)]
}

export const attentions: Readonly<Record<string, Rewrite>> = {
  Attention: attention,
  RotaryEmbedding: rotary,
}
