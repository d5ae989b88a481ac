import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareSeeds } from '../../src/experiments/compare-seeds.js'
import type { Measured, MeasuredCell } from '../../src/experiments/measured.js'
import { referencesOf } from '../../src/experiments/seed-statistics.js'
import { csvTable } from '../../src/experiments/tables/csv.js'
import { compareRuns } from '../../src/report/compare.js'
import { tableIn } from '../../src/report/evaluation-table.js'
import { readRun } from '../../src/report/read-run.js'
import { runPipeline } from '../../src/runtime/run.js'
import { dataOf } from '../../src/runtime/store/stage-key.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: references are measured once, before the first stage, by the protocol of the evaluation that they stand beside;
 * they stand in tables as rows of their own, change no stage, and are compared with nothing.
 */

const program = (beside: string): string => `
module Number(first: float) { value: float[] = constant(first); fn forward() = value }
pipeline p {
  model a = Number(0.0)
  model still = Number(7.0)
  stage fit {
    train a
    minimize -a.value
    optimizer sgd(lr = 0.5)
    steps 4
  }
  evaluate level = average(value = a.value, batches = 3${beside}) every 2
  ${beside === '' ? '' : 'evaluate each = average(value = m.value, batches = 1, beside = { less: { value: m.value - 1.0 } }) for m in [a, still]'}
  export a
}`
const references = ', beside = { untrained: { value: still.value }, more: { value: a.value + 2.0 } }'
const artefact = compileText(program(references))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-beside-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('references are measured at the start, of their own values, and change no stage', async () => {
  const runDir = join(folder, 'run')
  const result = await runPipeline(artefact, { root: folder, runDir, threads: 1 })
  expect(result.status).toBe('done')
  const table = tableIn(readFileSync(join(runDir, 'eval.json'), 'utf8')) ?? {}
  const { start, ...later } = table
  expect(start?.['level']).toMatchObject({ mean: 0, beside: { untrained: { mean: 7 }, more: { mean: 2 } } })
  // of cases, each, and the mean over them
  expect(start?.['each']).toMatchObject({
    a: { beside: { less: { mean: -1 } } },
    still: { beside: { less: { mean: 6 } } },
    beside: { less: { mean: 2.5 } },
  })
  expect(Object.keys(later)).toEqual(['fit-2', 'fit'])
  expect(JSON.stringify(later)).not.toContain('beside')
  const [own, none] = [artefact, compileText(program(''))].map(({ manifest }) => manifest.stages[0]?.hash)
  expect(own).toBe(none)
  expect(artefact.manifest.evaluations[0]?.reads).toEqual(['a/value'])

  const { rows, rule } = compareRuns([readRun(runDir)])
  expect(rows.map(({ label, cells }) => [label, cells[0]?.value, cells[0]?.verdict])).toEqual([
    ['Original', 0, 'reference'],
    ['untrained', 7, 'reference'],
    ['more', 2, 'reference'],
    ['less', null, 'reference'],
    ['p', 2, 'different'],
  ])
  expect(rule).toContain('untrained, more, less: measured beside the models')
})

test('a stage that ends by what an evaluation measures is the same with references and without', () => {
  const [hash, other] = [', beside = { blank: { logits: 0.0 * net(flatten(d.image, 1)) } }', ''].map(
    (beside) =>
      compileText(`use std.nn { Linear }
pipeline p {
  data d = mnist(split = "test", size = 8) rows 4 { image: f32[3, 8, 8] = image, digit: i64[] = digit }
  model net = Linear(192, 10)
  stage fit {
    train net
    minimize mean(square(net(flatten(d.image, 1))))
    optimizer sgd(lr = 0.5)
    steps 4
    keep best(e.accuracy)
  }
  evaluate e = classification(logits = net(flatten(d.image, 1)), label = d.digit${beside}) every 2
}`).manifest.stages[0]?.hash,
  )
  expect(hash).toBe(other)
})

test('data that a reference alone reads decide nothing', () => {
  const { manifest } = compileText(`use std.nn { Linear }
pipeline p {
  data d = mnist(split = "test", size = 8) rows 4 { image: f32[3, 8, 8] = image }
  data other = mnist(split = "train", size = 8) rows 4 { image: f32[3, 8, 8] = image }
  model net = Linear(192, 10)
  fn size_of(image) = mean(square(net(flatten(image, 1))))
  stage fit {
    train net
    minimize size_of(d.image)
    optimizer sgd(lr = 0.5)
    steps 4
    keep best(e.mean)
  }
  evaluate e = condition_gate(
    cosines = size_of(d.image)[None],
    t = [1],
    batches = 1,
    beside = { elsewhere: { cosines: size_of(other.image)[None] } },
  ) every 2
}`)
  const [stage] = manifest.stages
  expect(stage && [...dataOf(stage, manifest)]).toEqual(['d'])
})

describe('over seeds', () => {
  const column = { group: 'd', metric: 'nmi', label: 'NMI', doc: '', better: 'higher' as const }
  const value = (v: number) => [{ value: v, deviation: null }]
  const variants = ['one', 'two'].map((label) => ({ label }))
  const row = (label: string, ends: readonly number[]): readonly MeasuredCell[] =>
    ends.map((end, seed) => ({
      cell: { seed, variant: { label } },
      state: { kind: 'done' },
      run: {},
      start: value(0.1),
      end: value(end),
      beside: new Map([['pixels', value(0.5 + 0.1 * seed)]]),
    })) as unknown as readonly MeasuredCell[]
  const measured: Measured = {
    columns: [column],
    rows: [row('one', [0.2, 0.3, 0.25]), row('two', [0.4, 0.5, 0.45])],
  }

  test('they have a mean and an interval, and are no best row', () => {
    const [pixels] = referencesOf(measured)
    expect(pixels?.name).toBe('pixels')
    expect(pixels?.summaries[0]?.mean).toBeCloseTo(0.6, 12)
    // Student's t of 2 degrees of freedom at 97.5 %, times 0.1 / sqrt(3)
    expect(pixels?.summaries[0]?.half).toBeCloseTo((4.302652729911275 * 0.1) / Math.sqrt(3), 6)
    const experiment = { variants, seeds: [0, 1, 2], primary: [], select: null } as never
    const { rows, columns } = compareSeeds(measured, [], experiment)
    expect(rows.map(({ label, isReference = false }) => [label, isReference])).toEqual([
      ['Original', false],
      ['pixels', true],
      ['one', false],
      ['two', false],
    ])
    expect(rows[columns[0]?.best ?? -1]?.label).toBe('two')
    expect(csvTable(measured)).toContain('one,1,done,beside pixels,d,nmi,0.6,\r\n')
  })
})
