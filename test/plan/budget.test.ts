import { expect, it } from 'vitest'
import { type Planning, compile, plan } from '../../src/compiler/index.js'
import { readLibrary } from '../check/analyze.js'

/*
 * Aim: `memory` picks, of the sizes that `chunk` could name, the largest with which the predicted peak fits, and says
 * when none does. What each size takes is asked of the same stage with that `chunk`.
 */

const request = (clauses: string) =>
  requestOf(
    `stage s { train left; minimize mean(logsumexp(pairs, 1)); optimizer sgd(lr = 1.0); steps 1; ${clauses} }`,
  )

const requestOf = (stage: string) => {
  const text = `use std.nn { Linear }
pipeline p {
  model left = Linear(16, 6000)
  let x = draw normal of [12, 16]
  let a = left(x)
  let pairs = mean(square(tanh(a[i] - a[j])), axis = 1) for i, j in 12
  ${stage}
}`
  return {
    entry: 'main.dcr',
    files: { read: (path: string) => (path === 'main.dcr' ? text : readLibrary(path)) },
  }
}

const stageOf = ({ plan: made, diagnostics }: Planning) => {
  const [stage] = made?.stages ?? []
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return { ...stage, pairs: stage.updates[0]?.pairs, codes: diagnostics.map((d) => d.code) }
}

it('chooses the largest chunks that fit', () => {
  const whole = stageOf(plan(request(''))).memory.peak
  const peaks = new Map([[12, whole]])
  for (const chunk of [6, 4, 3, 2, 1]) {
    const stage = stageOf(plan(request(`chunk ${chunk}`)))
    expect(stage.pairs).toEqual({ rows: 12, chunk, refused: null, wholePeak: whole })
    peaks.set(chunk, stage.memory.peak)
  }
  // Fewer rows at a time take less, so that there is something to choose.
  const ordered = [...peaks.values()]
  expect(ordered).toEqual([...ordered].sort((a, b) => b - a))

  for (const [chunk, peak] of peaks) {
    const exact = stageOf(plan(request(`memory ${peak / 1e6} MB`)))
    expect(exact.pairs).toEqual({
      rows: 12,
      chunk: chunk === 12 ? null : chunk,
      refused: null,
      wholePeak: whole,
    })
    expect(exact.memory.peak).toBe(peak)
    expect(exact.codes).toEqual([])
  }
  const smallest = peaks.get(1) ?? NaN
  const over = stageOf(plan(request(`memory ${(smallest - 1) / 1e6} MB`)))
  expect(over.pairs?.chunk).toBe(1)
  expect(over.memory.peak).toBe(smallest)
  expect(over.codes).toEqual(['stage/memory'])
})

it('counts what the other updates of a stage hold', () => {
  const request = (own: string, clauses: string) =>
    requestOf(`model other = Linear(100, 500)
  let more = draw normal of [12, 100]
  stage s {
      update pairs { train left; minimize mean(logsumexp(pairs, 1)); optimizer sgd(lr = 1.0); ${own} }
      update other { train other; minimize mean(square(other(more))); optimizer adamw(lr = 1.0) }
      steps 1
      ${clauses}
    }`)
  for (const chunk of [12, 6, 4, 3, 2, 1]) {
    const { memory } = stageOf(plan(request(`chunk ${chunk}`, '')))
    // its own 0.6 MB of state stand beside what the pairs take
    expect(memory.peak).toBeGreaterThan(0.6e6)
    const made = stageOf(plan(request('', `memory ${memory.peak / 1e6} MB`)))
    expect(made.codes).toEqual([])
    expect(made.pairs?.chunk ?? 12).toBe(chunk)
  }
})

it('a stage hash tells the sizes of chunks apart, and nothing of budgets', () => {
  const hashOf = (clauses: string) => compile(request(clauses)).artefact?.manifest.stages[0]?.hash
  const plain = hashOf('')
  expect(plain).toBeDefined()
  expect(hashOf('memory 16 GB')).toBe(plain)
  expect(hashOf('chunk 12')).toBe(plain)
  expect(hashOf('chunk 3')).not.toBe(plain)
  expect(hashOf('chunk 3')).not.toBe(hashOf('chunk 4'))
  expect(hashOf('memory 1 MB')).toBe(hashOf('chunk 1'))
})
