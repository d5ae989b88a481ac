import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { regression } from '../runtime/regression.js'
import { costOf } from '../../src/experiments/cost.js'
import type { StageNode } from '../../src/experiments/stage-graph.js'

/* Aim: what an ablation is said to take is the steps that are left, times what a step was seen to take. */

const artefact = regression({ stages: ['first', 'second'] })
const [stage] = artefact.manifest.stages
if (!stage) throw new Error('no stage')
const cell = {
  variant: { label: 'base', row: 'base', pipeline: 'regression', settings: {}, hash: '', difference: [] },
  seed: 0,
  folder: 'base',
}
const node = (key: string, steps: number, there = false): StageNode => ({
  key,
  stage,
  steps,
  cells: [cell],
  after: [],
  there,
})

test('stages that are there take nothing, and of what could not be tried nothing is known', () => {
  const nodes = [node('a', 100), node('b', 50), node('c', 1e9, true)]
  const seconds = 100 * 0.5 + 50 * 2
  expect(
    costOf(
      nodes,
      new Map([
        ['a', 0.5],
        ['b', 2],
        ['c', 1],
      ]),
    ),
  ).toEqual({
    seconds,
    coreHours: (seconds * availableParallelism()) / 3600,
    unknown: 0,
  })
  expect(costOf(nodes, new Map([['a', 0.5]])).unknown).toBe(1)
})
