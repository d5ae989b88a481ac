import { indexRange, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Value } from '../../graph/graph.js'
import type { Expression, Index } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { pairRows } from './pairs.js'
import { type Val, describe, list, tensorVal, tuple } from './values.js'

type IndexExpression = Expression & { kind: 'index' }

/** `x[...]` on a list, tuple or tensor. */
export function index(x: Elaboration, e: IndexExpression, object: Val, env: Environment): Val {
  if (object.kind === 'list' || object.kind === 'tuple') return listIndex(x, e, object, env)
  if (object.kind !== 'tensor') {
    return fail(wrongType(e.object.span, { wanted: 'a list or a tensor to index', got: describe(object) }))
  }
  return tensorVal(tensorIndex(x, e, object.value, env))
}

function listIndex(
  x: Elaboration,
  e: IndexExpression,
  object: Val & { kind: 'list' | 'tuple' },
  env: Environment,
): Val {
  const [only, ...rest] = e.indices
  if (!only || rest.length > 0)
    return fail(wrongType(e.span, { wanted: 'one index', got: `${e.indices.length}` }))
  const { length } = object.items
  if (only.kind === 'slice') {
    const { start, end, step } = bounds(x, only, length, env)
    const picked: Val[] = []
    for (let k = start; step > 0 ? k < end : k > end; k += step) {
      const item = object.items[k]
      if (item) picked.push(item)
    }
    return object.kind === 'list' ? list(picked) : tuple(picked)
  }
  if (only.kind !== 'at')
    return fail(wrongType(only.span, { wanted: 'a number or a range', got: 'this index' }))
  const at = staticInt(x, only.value, env)
  const item = object.items[at < 0 ? at + length : at]
  return item ?? fail(indexRange(only.span, { index: at, length, what: `a ${object.kind}` }))
}

function staticInt(x: Elaboration, e: Expression, env: Environment): number {
  const value = evaluate(x, e, env)
  if (value.kind === 'int') return value.value
  const help =
    value.kind === 'tensor' ? '`take(x, indices, axis)` picks rows by a tensor of indices' : undefined
  return fail(wrongType(e.span, { wanted: 'an int', got: describe(value), where: 'an index', help }))
}

/** Resolved slice bounds, Python's rules. */
function bounds(
  x: Elaboration,
  s: Index & { kind: 'slice' },
  length: number,
  env: Environment,
): { start: number; end: number; step: number } {
  const step = s.step ? staticInt(x, s.step, env) : 1
  if (step === 0) return fail(wrongType(s.span, { wanted: 'a step other than 0', got: '0' }))
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1]
  const place = (part: Expression | undefined, otherwise: number): number => {
    if (!part) return otherwise
    const at = staticInt(x, part, env)
    return Math.min(Math.max(at < 0 ? at + length : at, low), high)
  }
  return { start: place(s.start, step > 0 ? low : high), end: place(s.end, step > 0 ? high : low), step }
}

/** One Slice for all ranges, then one Reshape that drops and inserts axes. */
function tensorIndex(x: Elaboration, e: IndexExpression, object: Value, env: Environment): Value {
  const shape = object.type.shape
  const used = e.indices.filter((k) => k.kind === 'at' || k.kind === 'slice').length
  if (used > shape.length) {
    return fail(
      wrongType(e.span, {
        wanted: `at most ${shape.length} indices`,
        got: `${used}`,
        where: describe(tensorVal(object)),
      }),
    )
  }
  const spread = shape.length - used
  const slices: { axis: number; start: number; end: number; step: number }[] = []
  const result: number[] = []
  let axis = 0
  const keep = (n: number): void => {
    for (let k = 0; k < n; k++) result.push(shape[axis++] ?? 1)
  }
  let open = true
  let value = object
  for (const k of e.indices) {
    if (k.kind === 'new-axis') result.push(1)
    else if (k.kind === 'ellipsis') {
      if (!open) return fail(wrongType(k.span, { wanted: 'one `...`', got: 'a second' }))
      open = false
      keep(spread)
    } else if (k.kind === 'slice') {
      const length = shape[axis] ?? 1
      const { start, end, step } = bounds(x, k, length, env)
      const count = Math.max(0, Math.ceil((end - start) / step))
      if (start !== 0 || count !== length || step !== 1)
        slices.push({ axis, start, end: step < 0 && end < 0 ? end - length : end, step })
      result.push(count)
      axis++
    } else {
      const at = evaluate(x, k.value, env)
      const length = shape[axis] ?? 1
      if (at.kind === 'row-index') {
        if (axis !== 0 || e.indices.length > 1) {
          return fail(
            wrongType(e.span, {
              wanted: 'one index',
              got: 'more',
              help: 'index by `i` alone: `(x[i])[...]`',
            }),
          )
        }
        return pairRows(x, value, at.pairs, at.axis, e.object.span)
      }
      const n = at.kind === 'int' ? at.value : staticInt(x, k.value, env)
      const place = n < 0 ? n + length : n
      if (place < 0 || place >= length)
        return fail(
          indexRange(k.span, { index: n, length, what: `axis ${axis} of ${describe(tensorVal(object))}` }),
        )
      slices.push({ axis, start: place, end: place + 1, step: 1 })
      axis++
    }
  }
  keep(shape.length - axis)
  return x.build(e.span, (b) => {
    if (slices.length > 0) {
      const part = (key: 'start' | 'end' | 'axis' | 'step'): Value => b.ints(slices.map((s) => s[key]))
      value = b.op('Slice', [value, part('start'), part('end'), part('axis'), part('step')])
    }
    return b.reshape(value, result)
  })
}
