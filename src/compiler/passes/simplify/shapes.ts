import type { Value } from '../../../graph/graph.js'
import { isNarrow, sameShape } from '../../../graph/types.js'
import { type Rule, given, int, integers, list, madeBy } from './rule.js'

const identity: Rule = {
  ops: ['Identity'],
  rewrite: ({ inputs }) => given(inputs, 0),
}

const cast: Rule = {
  ops: ['Cast'],
  rewrite({ inputs, type }) {
    const x = given(inputs, 0)
    if (x.type.dtype === type.dtype) return x
    // f32 holds what has 16 bits.
    const inner = x.type.dtype === 'f32' && isNarrow(type.dtype) ? madeBy(x, 'Cast')?.inputs[0] : undefined
    return inner?.type.dtype === type.dtype ? inner : undefined
  },
}

/** A chain of changes of shape is its last. */
const reshape: Rule = {
  ops: ['Reshape'],
  rewrite({ b, inputs, type }) {
    const x = given(inputs, 0)
    if (sameShape(x.type.shape, type.shape)) return x
    const inner = madeBy(x, 'Reshape')
    if (inner) return b.reshape(given(inner.inputs, 0), type.shape)
    const plain = sameShape(integers(inputs[1]) ?? [], type.shape)
    return plain ? undefined : b.reshape(x, type.shape)
  },
}

const transpose: Rule = {
  ops: ['Transpose'],
  rewrite({ b, node, inputs, type }) {
    const x = given(inputs, 0)
    const perm = list(node, 'perm')
    if (perm.every((p, i) => p === i)) return x
    const inner = madeBy(x, 'Transpose')
    if (inner) {
      const below = list(inner, 'perm')
      return b.transpose(
        given(inner.inputs, 0),
        perm.map((p) => below[p] ?? 0),
      )
    }
    // Moving axes of size 1 moves no data.
    const order = perm.filter((p) => x.type.shape[p] !== 1)
    return order.every((p, i) => i === 0 || p > (order[i - 1] ?? 0)) ? b.reshape(x, type.shape) : undefined
  },
}

const slice: Rule = {
  ops: ['Slice'],
  rewrite({ inputs, type }) {
    const x = given(inputs, 0)
    const steps = inputs[4] ? integers(inputs[4]) : [1]
    return steps?.every((s) => s === 1) && sameShape(x.type.shape, type.shape) ? x : undefined
  },
}

const pad: Rule = {
  ops: ['Pad'],
  rewrite: ({ inputs }) => (integers(inputs[1])?.every((p) => p === 0) ? given(inputs, 0) : undefined),
}

const concat: Rule = {
  ops: ['Concat'],
  rewrite({ b, node, inputs }) {
    const parts = inputs.filter((v): v is Value => v !== null && !v.type.shape.includes(0))
    const [only] = parts
    if (only && parts.length === 1) return only
    return parts.length > 0 && parts.length < inputs.length ? b.concat(parts, int(node, 'axis')) : undefined
  },
}

export const shapes: readonly Rule[] = [identity, cast, reshape, transpose, slice, pad, concat]
