import { expect, it } from 'vitest'
import { equalParts } from '../../src/compiler/passes/equal-parts.js'
import { Builder } from '../../src/graph/builder.js'
import { findNodes } from '../../src/graph/rewrite.js'
import { assertValid } from '../../src/graph/verify.js'
import { randomFeeds } from '../emit/profile.js'
import { outputsOf } from './compare.js'

/* Aim: behind the pass what is joined has parts of one length, few of them, and the values are the same. */

it.each<[string, readonly number[], number, string]>([
  ['equal ones stay', [4, 4], 1, '4 4'],
  ['the longer one is cut', [1, 3], 1, '1 1 1 1'],
  ['both are cut', [48, 32], 1, '16 16 16 16 16'],
  ['an axis that is counted from the end', [2, 4], -1, '2 2 2'],
  ['a part of nothing is left out', [2, 0, 4], 1, '2 2 2'],
  ['too many parts stay as they are', [1, 32], 1, '1 32'],
])('%s', async (_, lengths, axis, parts) => {
  const b = new Builder()
  const last = axis === -1
  const inputs = lengths.map((n, k) =>
    b.input(`x${k}`, { dtype: 'f32', shape: last ? [2, 3, n] : [2, n, 3] }),
  )
  const before = b.finish('joined', [{ name: 'y', value: b.op('Concat', inputs, { axis }) }])
  const { graph, ...found } = equalParts.run(before, {})
  assertValid(graph)
  const joined = findNodes(graph, ({ op }) => op === 'Concat')
  expect(joined.map((node) => node.inputs.map((v) => v?.type.shape[last ? 2 : 1]).join(' '))).toEqual([parts])
  expect(found.changed).toBe(parts === lengths.join(' ') ? 0 : 1)
  const feeds = randomFeeds(before)
  expect(await outputsOf(graph, feeds)).toEqual(await outputsOf(before, feeds))
})
