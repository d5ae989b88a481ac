import { describe, expect, it } from 'vitest'
import { argmaxByMax } from '../../src/compiler/passes/argmax-by-max.js'
import { Builder } from '../../src/graph/builder.js'
import { findNodes } from '../../src/graph/rewrite.js'
import { tensor } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { outputsOf } from './compare.js'

/* Aim: behind the pass no extreme of integers is looked for by ArgMax, and the places are the same, ties included. */

describe.each(['ArgMax', 'ArgMin'])('%s of integers', (op) => {
  for (const dtype of ['i32', 'i64'] as const)
    for (const axis of [0, 1, -1])
      for (const last of [0, 1])
        it(`${dtype}, axis ${axis}, ${last === 1 ? 'the last' : 'the first'} of equals`, async () => {
          const b = new Builder()
          // 2^30 and 2^30 - 1 are equal as floats of 32 bits
          const values = [3, 9, 9, -2, 9, 3, 2 ** 30, 2 ** 30 - 1, 2 ** 30, 0, 0, 0].flatMap((v) => [v, -v])
          const x = b.constant(tensor(dtype, [2, 4, 3], values))
          const attributes = { axis, keepdims: last, select_last_index: last }
          const before = b.finish('one', [{ name: 'y', value: b.op(op, [x], attributes) }])
          const { graph, changed } = argmaxByMax.run(before, {})
          assertValid(graph)
          expect(changed).toBe(1)
          expect(findNodes(graph, (node) => node.op === op)).toEqual([])
          expect(await outputsOf(graph)).toEqual(await outputsOf(before))
        })

  it('of floats is left', () => {
    const b = new Builder()
    const y = b.op(op, [b.input('x', { dtype: 'f32', shape: [3] })], { axis: 0 })
    expect(argmaxByMax.run(b.finish('one', [{ name: 'y', value: y }]), {}).changed).toBe(0)
  })
})
