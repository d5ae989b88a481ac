import type { Builder } from '../../../graph/builder.js'
import type { Node, Value } from '../../../graph/graph.js'
import { sameShape, tensor } from '../../../graph/types.js'
import type { RowAxis } from '../../../ops/operator.js'
import { type Repeat, materialise } from '../push-repeats/repeat.js'
import { given } from '../simplify/rule.js'
import { onRows } from './on-rows.js'
import type { Selection } from './selection.js'

/** What of a graph is computed row by row. */
export interface RowRegion {
  readonly rows: number
  /** How each node gets its rows, in execution order. */
  readonly members: ReadonlyMap<Node, Member>
  /** The axis along which the rows of each value of the region lie. */
  readonly axes: ReadonlyMap<Value, number>
}

export type Member =
  /** Repeats rows: its own, or where they are repeated for each row of the region the same for all. */
  | { readonly kind: 'repeat'; readonly repeat: Repeat }
  /** Treats rows one by one; per input the axis of its rows, null where all rows read the same. */
  | { readonly kind: 'node'; readonly axes: readonly RowAxis[] }
  /** Selects places of its operand, for each row within that row. */
  | { readonly kind: 'selection'; readonly selection: Selection }

/** The values from outside that a region reads, and along which axis it reads them row by row. */
export function boundaryOf({ members, axes }: RowRegion): readonly Value[] {
  const boundary = new Set<Value>()
  for (const [node, member] of members) {
    const read = member.kind === 'repeat' ? [member.repeat.base] : node.inputs
    for (const value of read) if (value && !axes.has(value)) boundary.add(value)
  }
  return [...boundary]
}

export interface RegionOptions {
  /** Values from outside that stand behind an Anchor, so that gradients stop there. */
  readonly differentiable?: ReadonlySet<Value>
  /** What stands outside for a value that the region reads from there. */
  readonly outside?: (value: Value) => Value
}

/** A region on `size` rows at a time, in the making. What it reads from outside comes in full, or as the rows of the chunk. */
export class RegionBody {
  readonly b: Builder
  /** The number of the chunk. */
  readonly chunk: Value
  /** What stands for values of the region. */
  private readonly inside = new Map<Value, Value>()
  /** What stands for values from outside, by the axis of their rows. */
  private readonly locals = new Map<Value, Map<RowAxis, Value>>()
  /** What stands behind an Anchor, and where its rows lie outside. */
  readonly anchored: { readonly value: Value; readonly axis: RowAxis; readonly local: Value }[] = []

  constructor(
    private readonly outer: Builder,
    private readonly region: RowRegion,
    private readonly size: number,
    private readonly options: RegionOptions = {},
  ) {
    this.b = outer.child()
    this.chunk = this.b.input('chunk', { dtype: 'i64', shape: [] })
  }

  /** The node on the rows of a chunk; what is wrong if it does not give them. */
  add(node: Node, member: Member): string | undefined {
    this.b.span = this.outer.span = node.span
    const made = this.build(node, member)
    const shapes = node.outputs.map((v) => this.shapeInside(v))
    if (!made?.every((v, k) => sameShape(v.type.shape, shapes[k] ?? [])))
      return `${node.op} needs all rows at once`
    node.outputs.forEach((v, k) => this.inside.set(v, given(made, k)))
    return undefined
  }

  private build(node: Node, member: Member): readonly Value[] | undefined {
    switch (member.kind) {
      case 'repeat': {
        const { repeat } = member
        const { rows } = this.region
        const own = repeat.outer === 1
        const base = this.operand(repeat.base, own ? repeat.axis : null)
        const counts = own
          ? { count: (repeat.count / rows) * this.size }
          : { outer: (repeat.outer / rows) * this.size }
        return [materialise(this.b, { ...repeat, ...counts, base })]
      }
      case 'selection': {
        const { axis, places, width } = member.selection
        const within = places.map(({ row, at }) => (row % this.size) * width + at)
        const table = this.local(this.outer.ints(within), 0)
        return [this.b.op('Gather', [this.operand(given(node.inputs, 0), axis), table], { axis })]
      }
      case 'node': {
        const operands = node.inputs.map((v, k) => v && this.operand(v, member.axes[k] ?? null))
        return onRows(
          this.b,
          node,
          operands,
          node.outputs.map((v) => this.shapeInside(v)),
        )
      }
    }
  }

  /** A value as the body reads it. */
  operand(value: Value, axis: RowAxis): Value {
    return this.inside.get(value) ?? this.local(value, axis)
  }

  /** A value from outside as the body reads it. */
  private local(value: Value, axis: RowAxis): Value {
    const known = this.locals.get(value) ?? new Map<RowAxis, Value>()
    this.locals.set(value, known)
    const made = known.get(axis) ?? this.makeLocal(value, axis)
    known.set(axis, made)
    return made
  }

  private makeLocal(inner: Value, axis: RowAxis): Value {
    const value = this.options.outside?.(inner) ?? inner
    const read = axis === null ? value : this.rowsOfChunk(value, axis)
    if (!this.options.differentiable?.has(value)) return read
    const local = this.b.op('Anchor', [read])
    this.anchored.push({ value, axis, local })
    return local
  }

  private rowsOfChunk(value: Value, axis: number): Value {
    const chunks = splitChunks(value.type.shape, axis, this.region.rows / this.size)
    const { source } = value
    const split =
      source.kind === 'constant'
        ? this.outer.constant(tensor(value.type.dtype, chunks, source.tensor.data))
        : this.outer.reshape(value, chunks)
    return this.b.op('Gather', [split, this.chunk], { axis })
  }

  private shapeInside(value: Value): readonly number[] {
    const own = this.region.axes.get(value)
    const { rows } = this.region
    return value.type.shape.map((d, axis) => (axis === own ? (d / rows) * this.size : d))
  }
}

/** What a Loop stacked, [chunks, .., rows of a chunk, ..], with its rows together along `axis`, in the shape of `like`. */
export function unstacked(b: Builder, stack: Value, like: Value, axis: number): Value {
  const rank = stack.type.shape.length
  const order = Array.from({ length: rank }, (_, i) => (i === axis ? 0 : i < axis ? i + 1 : i))
  return b.reshape(b.transpose(stack, order), like.type.shape)
}

/** [.., rows, ..] as [.., chunks, rows of a chunk, ..]. */
export const splitChunks = (shape: readonly number[], axis: number, chunks: number): readonly number[] => [
  ...shape.slice(0, axis),
  chunks,
  (shape[axis] ?? 0) / chunks,
  ...shape.slice(axis + 1),
]
