import { describe, expect, it } from 'vitest'
import { equalBatches } from '../../src/compiler/passes/equal-batches.js'
import { Builder } from '../../src/graph/builder.js'
import type { Attributes, Graph } from '../../src/graph/graph.js'
import { findNodes } from '../../src/graph/rewrite.js'
import { assertValid } from '../../src/graph/verify.js'
import { randomFeeds } from '../emit/profile.js'
import { outputsOf } from './compare.js'

/*
 * Aim: behind the pass no product of stacks meets two batch shapes, but for one matrix on the right, and values are the
 * same to the bit: the same sums in the same order.
 */

type Shape = readonly number[]

function product(op: string, x: Shape, y: Shape, attributes: Attributes = {}): Graph {
  const b = new Builder()
  const [left, right] = [x, y].map((shape, k) => b.input(`x${k}`, { dtype: 'f32', shape }))
  if (!left || !right) throw new Error('two operands')
  return b.finish('product', [{ name: 'y', value: b.op(op, [left, right], attributes) }])
}

const batchesOf = (graph: Graph): readonly string[] =>
  findNodes(graph, ({ op }) => op.endsWith('MatMul')).map(({ inputs }) =>
    inputs.map((v) => v?.type.shape.slice(0, -2).join('x')).join(' '),
  )

const fused = (transA: number, transB: number): Attributes => ({
  transA,
  transB,
  alpha: 0.5,
  transBatchA: 0,
  transBatchB: 0,
})

describe('products of stacks', () => {
  it.each<[string, Shape, Shape, Attributes | undefined, string, number]>([
    ['equal ones stay', [2, 3, 4, 5], [2, 3, 5, 6], undefined, '2x3 2x3', 0],
    ['one matrix on the right stays', [2, 3, 4, 5], [5, 6], undefined, '2x3 ', 0],
    ['a stack of one on the right becomes it', [2, 3, 4, 5], [1, 1, 5, 6], undefined, '2x3 ', 1],
    ['the right is repeated', [2, 3, 4, 5], [1, 3, 5, 6], undefined, '2x3 2x3', 1],
    ['the right is repeated along an axis that it lacks', [2, 3, 4, 5], [3, 5, 6], undefined, '2x3 2x3', 1],
    ['the left is repeated', [1, 3, 4, 5], [2, 3, 5, 6], undefined, '2x3 2x3', 1],
    ['one matrix on the left is repeated', [4, 5], [2, 5, 6], undefined, '2 2', 1],
    ['both are repeated', [2, 1, 4, 5], [1, 3, 5, 6], undefined, '2x3 2x3', 1],
    ['a left of fewer axes is no stack of rows', [2, 4, 5], [1, 1, 5, 6], undefined, '1x2 1x2', 1],
    ['a turned left is no stack of rows', [2, 3, 5, 4], [1, 1, 5, 6], fused(1, 0), '2x3 2x3', 1],
    ['a turned right is one matrix', [2, 3, 4, 5], [1, 1, 6, 5], fused(0, 1), '2x3 ', 1],
    ['a turned right is repeated', [2, 3, 4, 5], [2, 1, 6, 5], fused(0, 1), '2x3 2x3', 1],
  ])('%s', async (_, x, y, attributes, batches, changed) => {
    const before = product(attributes ? 'FusedMatMul' : 'MatMul', x, y, attributes)
    const { graph, ...found } = equalBatches.run(before, {})
    assertValid(graph)
    expect(found.changed).toBe(changed)
    expect(batchesOf(graph)).toEqual([batches])
    const feeds = randomFeeds(before)
    expect(await outputsOf(graph, feeds)).toEqual(await outputsOf(before, feeds))
  })
})
