import type { Builder } from '../../../graph/builder.js'
import { type Node, type Value, producer } from '../../../graph/graph.js'
import { operator } from '../../../ops/registry.js'
import { type Repeat, materialise, repeatedRows } from './repeat.js'

/**
 * A node whose operands have rows of different indices: in its result the rows of the first index lie along `axis`, the
 * others' along the axes after it. All `rows` of the pairs are there, or those of the operands' indices alone.
 */
export interface Meeting {
  readonly node: Node
  readonly axis: number
  readonly rows: number
  /** How many rows the first index has; `leads`: it is one of the operands'. */
  readonly first: number
  readonly leads: boolean
}

interface Met {
  readonly value: Value
  readonly meeting: Meeting
  /** Where the value repeats what was computed of some of the indices. */
  readonly repeat: Repeat | undefined
}

/**
 * An operator that meets values repeated in different ways, or repeated and full ones: their common rows are split
 * into [i, j, ..], so that broadcasting does what the copies would. Undefined where it does not apply.
 */
export function meet(
  b: Builder,
  node: Node,
  inputs: readonly (Value | null)[],
  repeats: readonly (Repeat | undefined)[],
): Met | undefined {
  const [out] = node.outputs
  const own = operator(node.op).broadcasts
  const known = repeats.filter((r) => r !== undefined)
  const [first] = known
  if (!out || own === undefined || !first) return undefined
  const rank = out.type.shape.length
  const axisOf = (k: number, axis: number): number => axis + rank - (inputs[k]?.type.shape.length ?? 0)
  const axis = axisOf(repeats.indexOf(first), first.axis)
  const rows = repeatedRows(first)
  const block = (out.type.shape[axis] ?? 1) / rows
  const cuts = commonCuts(known)
  if (axis >= rank - own || !Number.isInteger(block) || !cuts) return undefined
  const parts = cuts.slice(1).map((cut, k) => ({ from: cuts[k] ?? 1, to: cut, size: cut / (cuts[k] ?? 1) }))
  const [leading] = parts
  const everywhere = parts.map(({ size }) => size)
  const filled = parts.map(() => 1)

  const operands: (Value | null)[] = []
  for (const [k, input] of inputs.entries()) {
    const repeat = repeats[k]
    let split: readonly number[]
    let value = input
    if (repeat) {
      if (axisOf(k, repeat.axis) !== axis || repeatedRows(repeat) !== rows) return undefined
      if (repeat.base.type.shape[repeat.axis] !== repeat.count * block) return undefined
      const [from, to] = [repeat.outer, repeat.outer * repeat.count]
      split = parts.map((part) => (part.from >= from && part.to <= to ? part.size : 1))
      value = repeat.base
    } else if (input) {
      const at = axis - (rank - input.type.shape.length)
      const size = input.type.shape[at]
      if (at < 0 || size === undefined) {
        operands.push(input)
        continue
      }
      if (size !== 1 && size !== rows * block) return undefined
      split = size === 1 ? parts.map(() => 1) : everywhere
    } else {
      operands.push(null)
      continue
    }
    split.forEach((size, p) => (filled[p] = Math.max(filled[p] ?? 1, size)))
    const at = axis - (rank - (value?.type.shape.length ?? 0))
    const length = value?.type.shape[at] ?? 1
    operands.push(value && splitAxis(b, value, at, [...split, length === 1 ? 1 : block]))
  }
  const met = b.op(node.op, operands, node.attributes)
  const maker = producer(met)
  if (!maker || !leading) throw new Error('unreachable: a node was added')
  const meeting = { node: maker, axis, rows, first: leading.size, leads: filled[0] === leading.size }
  return { ...whole(b, met, out, { axis, block, parts: everywhere, filled }), meeting }
}

/** Where the rows of all repeats can be split, from 1 to their number; undefined where they do not fit together. */
function commonCuts(repeats: readonly Repeat[]): readonly number[] | undefined {
  const all = repeats.flatMap((r) => [1, r.outer, r.outer * r.count, repeatedRows(r)])
  const cuts = [...new Set(all)].sort((x, y) => x - y)
  return cuts.every((cut, k) => k === 0 || cut % (cuts[k - 1] ?? 1) === 0) ? cuts : undefined
}

/** What was met in the shape of `out`, and how it repeats where some of its parts are in no operand. */
function whole(
  b: Builder,
  met: Value,
  out: Value,
  at: { axis: number; block: number; parts: readonly number[]; filled: readonly number[] },
): { readonly value: Value; readonly repeat: Repeat | undefined } {
  const { axis, block, parts, filled } = at
  const { shape } = out.type
  const present = filled.flatMap((size, k) => (size === parts[k] ? [k] : []))
  if (present.length === parts.length) return { value: b.reshape(met, shape), repeat: undefined }
  const [from, to] = [present[0] ?? 0, (present.at(-1) ?? 0) + 1]
  const around = (...middle: readonly number[]): number[] => [
    ...shape.slice(0, axis),
    ...middle,
    ...shape.slice(axis + 1),
  ]
  if (to - from > present.length)
    return { value: b.reshape(b.expand(met, around(...parts, block)), shape), repeat: undefined }
  const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1)
  const count = product(parts.slice(from, to))
  const repeat: Repeat = {
    base: b.reshape(met, around(count * block)),
    axis,
    outer: product(parts.slice(0, from)),
    count,
    inner: product(parts.slice(to)),
  }
  return { value: materialise(b, repeat), repeat }
}

function splitAxis(b: Builder, x: Value, axis: number, into: readonly number[]): Value {
  return b.reshape(x, [...x.type.shape.slice(0, axis), ...into, ...x.type.shape.slice(axis + 1)])
}
