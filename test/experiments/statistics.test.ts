import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { holm } from '../../src/experiments/statistics/holm.js'
import { sampleOf } from '../../src/experiments/statistics/sample.js'
import { signFlipP } from '../../src/experiments/statistics/sign-flip.js'
import { detectable, halfWidth, pOfZeroMean } from '../../src/experiments/statistics/student.js'

/*
 * Aim: the statistics of paired differences are those of scipy and statsmodels (test/oracle/paired_intervals.py), and their
 * intervals and p-values are wrong as often as they say.
 */

interface Fixture {
  readonly cases: readonly {
    readonly differences: readonly number[]
    readonly mean: number
    readonly half: number
    readonly p: number
    readonly sign_flip: number
    readonly detectable: number
  }[]
  readonly families: readonly { readonly p: readonly number[]; readonly holm: readonly number[] }[]
}
const { cases, families } = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/statistics.json', import.meta.url), 'utf8'),
) as Fixture

/** The library's inverse of Student's distribution is right to 8 digits. */
const near = (actual: number | null, expected: number): void =>
  expect(Math.abs((actual ?? NaN) - expected)).toBeLessThanOrEqual(1e-7 * Math.max(1e-3, Math.abs(expected)))

describe('paired differences', () => {
  test.each(cases.map((c) => [c.differences.length, c] as const))('of %i seeds', (_, c) => {
    const sample = sampleOf(c.differences)
    near(sample.mean, c.mean)
    near(halfWidth(sample), c.half)
    near(pOfZeroMean(sample), c.p)
    near(detectable(sample), c.detectable)
    near(signFlipP(c.differences), c.sign_flip)
  })

  test('of fewer than three seeds have no interval and no p-value', () => {
    for (const few of [[0.1], [0.1, 0.2]]) {
      const sample = sampleOf(few)
      expect([halfWidth(sample), pOfZeroMean(sample), detectable(sample)]).toEqual([null, null, null])
    }
  })

  test('that are all zero, or all the same, are told from each other', () => {
    expect(pOfZeroMean(sampleOf([0, 0, 0]))).toBe(1)
    expect(pOfZeroMean(sampleOf([0.5, 0.5, 0.5]))).toBe(0)
    expect(signFlipP([0.5, 0.5, 0.5])).toBe(2 / 8)
  })

  test.each(families)("are adjusted by Holm's method", ({ p, holm: expected }) => {
    for (const [k, value] of holm(p).entries()) near(value, expected[k] ?? NaN)
  })
})

describe('a null experiment', () => {
  test('has an interval of 95 % without zero, and a p-value below 5 %, in 5 % of 4,000 repetitions', () => {
    // a generator of its own: the same numbers on every machine
    let state = 12345
    const uniform = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return (state + 0.5) / 2 ** 32
    }
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    const repetitions = 4000
    const wrong = { interval: 0, p: 0, family: 0 }
    for (let r = 0; r < repetitions; r++) {
      const family = Array.from({ length: 4 }, () => sampleOf(Array.from({ length: 5 }, normal)))
      const [first] = family
      if (first && Math.abs(first.mean) > (halfWidth(first) ?? NaN)) wrong.interval++
      if (first && (pOfZeroMean(first) ?? NaN) < 0.05) wrong.p++
      if (holm(family.map((sample) => pOfZeroMean(sample) ?? NaN)).some((p) => p < 0.05)) wrong.family++
    }
    // three standard errors of a share of 5 %
    const around = 3 * Math.sqrt(0.05 * 0.95 * repetitions)
    for (const count of Object.values(wrong))
      expect(Math.abs(count - 0.05 * repetitions)).toBeLessThan(around)
  })
})
