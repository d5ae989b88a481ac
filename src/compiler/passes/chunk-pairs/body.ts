import type { Builder } from '../../../graph/builder.js'
import { type Graph, type Node, type Value } from '../../../graph/graph.js'
import { sameShape, tensor } from '../../../graph/types.js'
import type { RowAxis } from '../../../ops/operator.js'
import { onRows } from '../push-repeats/on-rows.js'
import { materialise } from '../push-repeats/repeat.js'
import type { Refusal } from '../pass.js'
import { given } from '../simplify/rule.js'
import type { Member, Region } from './region.js'

/** The values from outside that a region reads, and along which axis it reads them row by row. */
export function boundaryOf({ members, axes }: Region): readonly Value[] {
  const boundary = new Set<Value>()
  for (const [node, member] of members) {
    const read = member.kind === 'repeat' ? [member.repeat.base] : node.inputs
    for (const value of read) if (value && !axes.has(value)) boundary.add(value)
  }
  return [...boundary]
}

/** A chunk's share of a region's sum: the body and operands of a ChunkSum. */
export interface ChunkBody {
  readonly graph: Graph
  readonly inputs: readonly Value[]
  readonly axes: readonly number[]
}

/**
 * Builds the region on `size` rows at a time. What it reads from outside comes in full, or as the rows of the chunk;
 * values of `differentiable` stand behind an Anchor, so that gradients stop there.
 */
export function buildBody(
  outer: Builder,
  region: Region,
  size: number,
  differentiable: ReadonlySet<Value>,
): ChunkBody | Refusal {
  const body = new BodyBuilder(outer, region, size, differentiable)
  for (const [node, member] of region.members) {
    if (node === region.exit) continue
    const reason = body.add(node, member)
    if (reason !== undefined) return { node, reason }
  }
  return body.finish()
}

class BodyBuilder {
  private readonly b: Builder
  private readonly chunk: Value
  /** What stands for values of the region. */
  private readonly inside = new Map<Value, Value>()
  /** What stands for values from outside, by the axis of their rows. */
  private readonly locals = new Map<Value, Map<RowAxis, Value>>()
  private readonly anchored: { readonly value: Value; readonly axis: RowAxis; readonly local: Value }[] = []

  constructor(
    private readonly outer: Builder,
    private readonly region: Region,
    private readonly size: number,
    private readonly differentiable: ReadonlySet<Value>,
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

  finish(): ChunkBody {
    const { exit, rows } = this.region
    this.b.span = this.outer.span = exit.span
    const share = this.b.op(
      exit.op,
      [this.operand(given(exit.inputs, 0), null), exit.inputs[1] ?? null],
      exit.attributes,
    )
    const weight = exit.op === 'ReduceMean' ? this.size / rows : 1
    const outputs = [
      { name: 'share', value: this.b.scale(this.b.reshape(share, []), weight) },
      ...this.anchored.map(({ local }, k) => ({ name: `local_${k}`, value: local })),
    ]
    return {
      graph: this.b.finish('rows', outputs),
      inputs: this.anchored.map(({ value }) => value),
      axes: this.anchored.map(({ axis }) => axis ?? -1),
    }
  }

  private build(node: Node, member: Member): readonly Value[] | undefined {
    switch (member.kind) {
      case 'repeat': {
        const { repeat } = member
        const each = repeat.kind === 'each'
        const base = this.local(repeat.base, each ? repeat.axis : null)
        const counts = each ? { count: this.size } : { times: this.size }
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

  private operand(value: Value, axis: RowAxis): Value {
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

  private makeLocal(value: Value, axis: RowAxis): Value {
    const read = axis === null ? value : this.rowsOfChunk(value, axis)
    if (!this.differentiable.has(value)) return read
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

/** [.., rows, ..] as [.., chunks, rows of a chunk, ..]. */
export const splitChunks = (shape: readonly number[], axis: number, chunks: number): readonly number[] => [
  ...shape.slice(0, axis),
  chunks,
  (shape[axis] ?? 0) / chunks,
  ...shape.slice(axis + 1),
]
