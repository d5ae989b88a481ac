import { describe, expect, test } from 'vitest'
import type { Json } from '../../src/artefact/json.js'
import { compareRuns, sentences, type Comparison } from '../../src/report/compare.js'
import { conflictOf, shareBelowZero, wilson } from '../../src/report/conflict.js'
import type { RunSummary, StageSummary, StepRecord } from '../../src/report/run-summary.js'
import { sampleRuns } from './sample-runs.js'

type Metrics = Record<string, Json>

const [base] = sampleRuns(1)

/** A run with one evaluation, measured before and after. */
function run(pipeline: string, before: Metrics, after: Metrics | null, kind = 'clustering'): RunSummary {
  if (!base) throw new Error('there are samples')
  return {
    ...base,
    pipeline,
    stages: [],
    evaluations: [{ name: 'digits', kind }],
    moments: [
      { name: 'start', results: { digits: before } },
      ...(after ? [{ name: 'enhance', results: { digits: after } }] : []),
    ],
  }
}

const nmi = (value: number, deviation: number): Metrics => ({ nmi: value, nmi_std: deviation })
const verdictOf = (comparison: Comparison, row: number): string | undefined =>
  comparison.rows[row]?.cells[0]?.verdict

const inner = (value: number): Metrics => ({ s_inner: value, s_inner_std: 0.01 })
const againstHalf = (value: number): string | undefined =>
  verdictOf(compareRuns([run('a', nmi(0.5, 0.03), nmi(value, 0.04))]), 1)

describe('compareRuns', () => {
  test('sees a difference only beyond twice the combined deviation', () => {
    // Deviations 0.03 and 0.04 combine to 0.05; the noise is 0.1.
    expect(againstHalf(0.599)).toBe('none')
    expect(againstHalf(0.401)).toBe('none')
    expect(againstHalf(0.601)).toBe('better')
    expect(againstHalf(0.399)).toBe('worse')
  })

  test('an unchanged model is no difference, also without any noise', () => {
    const comparison = compareRuns([run('a', nmi(0.5, 0), nmi(0.5, 0))])
    expect(verdictOf(comparison, 1)).toBe('none')
    expect(comparison.rows[1]?.cells[0]?.effect).toBe(0)
    expect(verdictOf(compareRuns([run('a', nmi(0.5, 0), null)]), 1)).toBe('none')
  })

  test('claims nothing where the noise is not known', () => {
    const comparison = compareRuns([run('a', { s_inner: 1 }, { s_inner: 2 }, 'scatter')])
    expect(verdictOf(comparison, 1)).toBe('unknown')
    expect(comparison.columns.every((column) => column.best === null)).toBe(true)
  })

  test('knows metrics of which less is better', () => {
    expect(verdictOf(compareRuns([run('a', inner(1), inner(2), 'scatter')]), 1)).toBe('worse')
    expect(verdictOf(compareRuns([run('a', inner(2), inner(1), 'scatter')]), 1)).toBe('better')
  })

  test('calls the best only what beats every other row beyond the noise', () => {
    const start = nmi(0.5, 0.01)
    const best = (a: number, b: number): number | null | undefined =>
      compareRuns([run('a', start, nmi(a, 0.01)), run('b', start, nmi(b, 0.01))]).columns[0]?.best
    expect(best(0.6, 0.7)).toBe(2)
    expect(best(0.69, 0.7)).toBe(null)
    expect(best(0.4, 0.3)).toBe(0)
    expect(best(0.51, 0.49)).toBe(null)
  })

  test('has one Original where runs share their start, and one each where they do not', () => {
    const shared = compareRuns([run('a', nmi(0.5, 0), nmi(0.6, 0)), run('b', nmi(0.5, 0), nmi(0.4, 0))])
    expect(shared.rows.map((row) => row.label)).toEqual(['Original', 'a', 'b'])
    const apart = compareRuns([run('a', nmi(0.5, 0), nmi(0.6, 0)), run('b', nmi(0.7, 0), nmi(0.6, 0))])
    expect(apart.rows.map((row) => row.label)).toEqual(['Original of a', 'Original of b', 'a', 'b'])
    expect([verdictOf(apart, 2), verdictOf(apart, 3)]).toEqual(['better', 'worse'])
  })

  test('tells runs of one pipeline apart by seed', () => {
    const a = run('a', nmi(0.5, 0), nmi(0.6, 0))
    expect(compareRuns([a, { ...a, seed: 1 }]).rows.map((row) => row.label)).toEqual([
      'Original',
      'a, seed 0',
      'a, seed 1',
    ])
  })

  test('says in words what the table shows', () => {
    expect(sentences(compareRuns(sampleRuns(30)))).toEqual([
      'dcr against Original: worse in digits (NMI, ARI); no difference seen in digits (ACC), unseen (NMI, ACC, ARI), pixels (R²).',
      'naive against Original: better in digits (NMI); no difference seen in digits (ACC, ARI), unseen (NMI, ACC, ARI), pixels (R²).',
      'reconstruction against Original: better in pixels (R²); no difference seen in digits (NMI, ACC, ARI), unseen (NMI, ACC, ARI).',
    ])
  })
})

const record = (step: number, monitors: Record<string, number>): StepRecord => ({
  stage: 's',
  step,
  loss: 1,
  grad_norm: null,
  updates: {},
  monitors,
  step_ms: 1,
  data_ms: 0,
})

const watched = (monitors: Record<string, number>[]): RunSummary => {
  const stage: StageSummary = {
    name: 's',
    updates: [],
    steps: monitors.length,
    accumulate: 1,
    optimizers: [],
    learningRates: [],
    trained: 0,
    records: monitors.map((m, i) => record(i, m)),
  }
  return { ...run('a', nmi(0.5, 0), nmi(0.5, 0)), stages: [stage] }
}

describe('conflict', () => {
  test('the interval is that of Wilson', () => {
    // Published values, e.g. Agresti and Coull 1998 for 0 of 10; computed by hand for 8 of 10.
    expect(wilson(0, 10)[0]).toBe(0)
    expect(wilson(0, 10)[1]).toBeCloseTo(0.2775, 4)
    expect(wilson(8, 10)[0]).toBeCloseTo(0.4902, 4)
    expect(wilson(8, 10)[1]).toBeCloseTo(0.9433, 4)
  })

  test('counts cosines below zero', () => {
    expect(shareBelowZero([-0.5, 0, 0.5, -1e-9])).toMatchObject({
      negative: 2,
      steps: 4,
      share: 0.5,
      error: 0.25,
    })
  })

  test('is compared with its null', () => {
    const clear = watched(
      Array.from({ length: 100 }, (_, i) => ({ conflict: i < 90 ? -1 : 1, conflict_null: i < 50 ? -1 : 1 })),
    )
    expect(compareRuns([clear]).rows[1]?.cells.at(-1)).toMatchObject({
      value: 0.9,
      against: 0.5,
      verdict: 'different',
    })
    const same = watched(
      Array.from({ length: 100 }, (_, i) => ({ conflict: i < 55 ? -1 : 1, conflict_null: i < 50 ? -1 : 1 })),
    )
    expect(compareRuns([same]).rows[1]?.cells.at(-1)).toMatchObject({
      value: 0.55,
      against: 0.5,
      verdict: 'none',
    })
  })

  test('claims nothing without a null, and is absent where nobody watched', () => {
    const bare = watched([{ conflict: -1 }, {}, { conflict: 1 }])
    expect(conflictOf(bare)).toMatchObject({ losses: { steps: 2, share: 0.5 }, null: null })
    expect(compareRuns([bare]).rows[1]?.cells.at(-1)?.verdict).toBe('unknown')
    expect(conflictOf(watched([{}]))).toBeNull()
    expect(compareRuns([watched([{}])]).columns.some((column) => column.group === 'conflict')).toBe(false)
  })
})
