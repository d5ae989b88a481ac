import type { Builder } from '../../../graph/builder.js'
import { type Node, type Value, producer } from '../../../graph/graph.js'
import { operator } from '../../../ops/registry.js'
import type { Repeat } from './repeat.js'

/** A node whose operands have the rows i or the rows j, or both: its result has i along `axis` and j along the next. */
export interface Meeting {
  readonly node: Node
  readonly axis: number
  readonly counts: readonly [i: number, j: number]
}

/**
 * An operator that meets values repeated in different ways, or repeated and full ones: their common rows are split
 * into [i, j], so that broadcasting does what the copies would. Undefined where it does not apply.
 */
export function meet(
  b: Builder,
  node: Node,
  inputs: readonly (Value | null)[],
  repeats: readonly (Repeat | undefined)[],
): { readonly value: Value; readonly meeting: Meeting } | undefined {
  const [out] = node.outputs
  const own = operator(node.op).broadcasts
  const first = repeats.find((r) => r !== undefined)
  if (!out || own === undefined || !first) return undefined
  const rank = out.type.shape.length
  const axisOf = (k: number, axis: number): number => axis + rank - (inputs[k]?.type.shape.length ?? 0)
  const axis = axisOf(repeats.indexOf(first), first.axis)
  const rows = first.count * first.times
  const block = (out.type.shape[axis] ?? 1) / rows
  if (axis >= rank - own || !Number.isInteger(block)) return undefined
  const [i, j] = first.kind === 'each' ? [first.count, first.times] : [first.times, first.count]

  const operands: (Value | null)[] = []
  for (const [k, input] of inputs.entries()) {
    const repeat = repeats[k]
    if (repeat) {
      const split = repeat.kind === 'each' ? [repeat.count, repeat.times] : [repeat.times, repeat.count]
      if (axisOf(k, repeat.axis) !== axis || split[0] !== i || split[1] !== j) return undefined
      const size = repeat.base.type.shape[repeat.axis] ?? 1
      if (size !== repeat.count * block) return undefined
      operands.push(
        splitAxis(b, repeat.base, repeat.axis, repeat.kind === 'each' ? [i, 1, block] : [1, j, block]),
      )
    } else if (input) {
      const at = axis - (rank - input.type.shape.length)
      const size = input.type.shape[at]
      if (at < 0 || size === undefined) operands.push(input)
      else if (size === 1) operands.push(splitAxis(b, input, at, [1, 1, 1]))
      else if (size === rows * block) operands.push(splitAxis(b, input, at, [i, j, block]))
      else return undefined
    } else {
      operands.push(null)
    }
  }
  const met = b.op(node.op, operands, node.attributes)
  const maker = producer(met)
  if (!maker) throw new Error('unreachable: a node was added')
  return { value: b.reshape(met, out.type.shape), meeting: { node: maker, axis, counts: [i, j] } }
}

function splitAxis(b: Builder, x: Value, axis: number, into: readonly number[]): Value {
  return b.reshape(x, [...x.type.shape.slice(0, axis), ...into, ...x.type.shape.slice(axis + 1)])
}
