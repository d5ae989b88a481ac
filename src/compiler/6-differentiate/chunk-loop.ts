import type { Builder } from '../../graph/builder.js'
import type { Node, Value } from '../../graph/graph.js'
import type { Copier } from '../../graph/rewrite.js'
import { wide } from '../../ops/_types.js'
import { chunkBody } from '../../ops/chunk-sum.js'
import { unstacked } from '../passes/by-rows/body.js'
import { gradients } from './gradients.js'

/**
 * Puts a Loop in the place of a ChunkSum. A round computes a chunk's share of the sum and of its gradient, so that
 * what its forward pass leaves for its backward pass is gone before the next round: shares of gradients of what the
 * chunks have in common are carried and added, those of the rows of a chunk are stacked. The result is differentiated
 * through those gradients (`Differentiated`).
 */
export function expandChunkSum(
  node: Node,
  inputs: readonly (Value | null)[],
  copier: Copier,
): readonly Value[] | undefined {
  if (node.op !== 'ChunkSum') return undefined
  const { b } = copier
  const { axes = [], chunks = 1 } = node.attributes
  const body = copier.copyBody(chunkBody(node.attributes))
  const [share, ...locals] = body.outputs.map((o) => o.value)
  const [chunk] = body.inputs
  if (!share || !chunk || !Array.isArray(axes)) throw new Error('a ChunkSum without a body')

  const round = b.child()
  round.adoptInput(chunk)
  const condition = round.input('condition', { dtype: 'bool', shape: [] })
  const sum = round.input('sum', share.type)
  for (const inner of body.nodes) round.adopt(inner)
  const found = gradients(round, [{ value: share }], locals)
  const parts = locals.flatMap((_, k): Part[] => {
    const [x, gradient, axis] = [inputs[k], found[k], (axes as readonly number[])[k]]
    return x && gradient && axis !== undefined ? [{ x, gradient, axis }] : []
  })
  const shared = parts.filter(({ axis }) => axis < 0)
  const rowwise = parts.filter(({ axis }) => axis >= 0)
  round.span = node.span
  const sums = shared.map(({ gradient }, k) => {
    // Sums over many chunks are those of many terms.
    const term = wide(round, gradient)
    const before = round.input(`gradient_${k}`, term.type)
    return { name: `gradient_${k}_out`, value: round.add(before, term) }
  })
  const graph = round.finish('chunk', [
    { name: 'condition_out', value: round.op('Identity', [condition]) },
    { name: 'sum_out', value: round.add(sum, share) },
    ...sums,
    ...rowwise.map(({ gradient }, k) => ({ name: `rows_${k}`, value: gradient })),
  ])
  const zeros = [share, ...sums.map(({ value }) => value)].map((v) => b.zerosLike(v))
  const [total, ...results] = b.node('Loop', [b.scalar(Number(chunks), 'i64'), null, ...zeros], {
    body: graph,
  })
  if (!total) throw new Error('unreachable: a Loop gives what it carries')
  const all = [...shared, ...rowwise]
  const full = all.map(({ x, axis }, k) => whole(b, need(results[k]), x, axis))
  return [b.op('Differentiated', [total, ...all.map(({ x }) => x), ...full])]
}

/** A value outside, and a round's share of its gradient. */
interface Part {
  readonly x: Value
  readonly gradient: Value
  /** The axis of the rows, or -1 when every round reads all of x. */
  readonly axis: number
}

/** The gradients of all chunks of rows as that of x; sums are that already. */
const whole = (b: Builder, gradient: Value, x: Value, axis: number): Value =>
  axis < 0 ? b.cast(gradient, x.type.dtype) : unstacked(b, gradient, x, axis)

function need(value: Value | undefined): Value {
  if (!value) throw new Error('unreachable: the Loop gives a gradient for each part')
  return value
}
