import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import knn from '../../src/runtime/measures/knn.js'
import linearProbe from '../../src/runtime/measures/linear-probe.js'
import { RowsUnfit } from '../../src/runtime/measures/rows-unfit.js'
import type { KindMeasure, Results } from '../../src/runtime/measures/measure.js'
import type { Json } from '../../src/artefact/json.js'

/*
 * Aim: neighbours and linear probes come to what scikit-learn comes to on the same rows.
 */
interface Oracle {
  readonly train: number[][]
  readonly train_label: number[]
  readonly test: number[][]
  readonly test_label: number[]
  readonly knn: Readonly<Record<string, number>>
  readonly linear: readonly {
    readonly l2: number
    readonly standardise: boolean
    readonly accuracy: number
    readonly loss: number
  }[]
}

const oracle = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/probes.json', import.meta.url), 'utf8'),
) as Oracle

const vectors = (rows: readonly (readonly number[])[]): Results => ({
  shape: [rows.length, rows[0]?.length ?? 0],
  data: Float32Array.from(rows.flat()),
})
const numbers = (values: readonly number[]): Results => ({
  shape: [values.length],
  data: Float32Array.from(values),
})
const given = {
  train: vectors(oracle.train),
  train_label: numbers(oracle.train_label),
  test: vectors(oracle.test),
  test_label: numbers(oracle.test_label),
}
const measure = (
  kind: KindMeasure,
  settings: Readonly<Record<string, Json>>,
  results: Readonly<Record<string, Results>> = given,
) => kind.measure({ settings, seed: 2, results })

describe('knn', () => {
  test.each([1, 5, 20])('with %s neighbours is as scikit-learn has it', (k) => {
    expect(measure(knn, { k })['accuracy']).toBeCloseTo(oracle.knn[k] ?? NaN, 9)
  })

  test('weighs votes by temperature', () => {
    expect(measure(knn, { k: 20, temperature: 0.07 })['accuracy']).toBeCloseTo(
      oracle.knn['tempered'] ?? NaN,
      9,
    )
  })

  test('has intervals by group: rows that come four times are no more evidence', () => {
    const times = <T>(rows: readonly T[]): T[] => rows.flatMap((row) => [row, row, row, row])
    const four = {
      ...given,
      test: vectors(times(oracle.test)),
      test_label: numbers(times(oracle.test_label)),
    }
    const grouped = { ...four, test_group: numbers(times(oracle.test_label.map((_, i) => i))) }
    const std = (results: typeof four): number => Number(measure(knn, { k: 5 }, results)['accuracy_std'])
    expect(std(four) / std(given)).toBeCloseTo(0.5, 1)
    expect(std(grouped) / std(given)).toBeCloseTo(1, 1)
  })
})

describe('linear_probe', () => {
  test.each(oracle.linear)(
    'with l2 $l2, standardised $standardise, is the optimum of scikit-learn',
    (wanted) => {
      const { l2, standardise, accuracy, loss } = wanted
      const metrics = measure(linearProbe, { l2: [l2], standardise })
      expect(metrics['accuracy']).toBeCloseTo(accuracy, 9)
      expect(Math.abs(Number(metrics['loss']) / loss - 1)).toBeLessThan(1e-3)
      expect(metrics['loss_chance']).toBeCloseTo(Math.log(4), 12)
    },
  )

  test('takes the value that does best on rows that it held out, and says so', () => {
    const metrics = measure(linearProbe, { l2: [10, 1e-2] })
    expect(metrics['l2']).toBe(1e-2)
    expect(metrics['protocol']).toContain('chosen from 2 on a fifth of the training rows')
  })
})

test.each([knn, linearProbe])('$name refuses classes that it cannot learn', (kind) => {
  const strange = { ...given, test_label: numbers(oracle.test_label.with(0, 99)) }
  expect(() => measure(kind, {}, strange)).toThrow('class 99 of a test row has no training row')
  const one = { ...given, train_label: numbers(oracle.train_label.map(() => 0)) }
  expect(() => measure(kind, {}, one)).toThrow(RowsUnfit)
})

test('knn refuses more neighbours than there are rows', () => {
  expect(() => measure(knn, { k: 151 })).toThrow('151 neighbours of 150 training rows')
})
