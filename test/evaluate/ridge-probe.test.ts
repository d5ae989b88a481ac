import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  fitRidge,
  matrix,
  predictRidge,
  solveCholesky,
  type Matrix,
} from '../../src/runtime/measures/math/ridge.js'
import { seededRandom } from '../../src/runtime/measures/math/random.js'
import ridgeProbe from '../../src/runtime/measures/ridge-probe.js'

interface Reference {
  readonly lam: number
  readonly x: number[][]
  readonly y: number[][]
  readonly new: number[][]
  readonly weights: number[][]
  readonly predicted: number[][]
}
const reference = JSON.parse(readFileSync(new URL('ridge.json', import.meta.url), 'utf8')) as Reference

const toMatrix = (rows: number[][]): Matrix =>
  matrix(rows.length, rows[0]?.length ?? 0, Float64Array.from(rows.flat()))

describe('ridge regression', () => {
  test('equals NumPy', () => {
    const fit = fitRidge(toMatrix(reference.x), toMatrix(reference.y), reference.lam)
    reference.weights.flat().forEach((w, i) => expect(fit.weights.data[i]).toBeCloseTo(w, 12))
    const predicted = predictRidge(fit, toMatrix(reference.new))
    reference.predicted.flat().forEach((p, i) => expect(predicted.data[i]).toBeCloseTo(p, 11))
  })

  test('solves symmetric positive definite systems and refuses others', () => {
    const a = matrix(3, 3, Float64Array.of(4, 2, 1, 2, 5, 3, 1, 3, 6))
    const x = solveCholesky(a, matrix(3, 1, Float64Array.of(11, 21, 25)))
    expect([...x.data].map((v) => Number(v.toFixed(12)))).toEqual([1, 2, 3])
    expect(() => solveCholesky(matrix(2, 2, Float64Array.of(1, 2, 2, 1)), matrix(2, 1))).toThrow()
  })
})

const variance = (x: Float32Array): number => {
  const centre = x.reduce((a, b) => a + b, 0) / x.length
  return x.reduce((sum, v) => sum + (v - centre) ** 2, 0) / x.length
}

describe('ridge_probe', () => {
  const random = seededRandom(6)
  const [rows, width] = [240, 5]
  const features = Float32Array.from({ length: rows * width }, () => random() * 2 - 1)
  const noise = Float32Array.from({ length: rows * 2 }, () => random() * 2 - 1)
  const linear = Float32Array.from({ length: rows * 2 }, (_, i) => {
    const row = features.subarray(Math.floor(i / 2) * width, Math.floor(i / 2) * width + width)
    return row.reduce((sum, v, j) => sum + v * (i % 2 === 0 ? j : 1 - j), 3)
  })
  const measure = (target: Float32Array, settings = {}, group?: Float32Array) =>
    ridgeProbe.measure({
      settings,
      seed: 0,
      results: {
        features: { shape: [rows, width], data: features },
        target: { shape: [rows, 2, 1], data: target },
        ...(group ? { group: { shape: [rows], data: group } } : {}),
      },
    })

  test('is one where the target is linear in the features', () => {
    expect(measure(linear, { lambda: 1e-9 })['r2']).toBeCloseTo(1, 9)
  })

  test('is one half where as much noise as signal is added, within its own deviation', () => {
    const signal = linear.filter((_, i) => i % 2 === 0)
    const scale = Math.sqrt(variance(signal) / variance(noise))
    const both = Float32Array.from(
      { length: rows * 2 },
      (_, i) => (signal[i >> 1] ?? 0) + scale * (noise[i] ?? 0),
    )
    const { r2, r2_std } = measure(both) as { r2: number; r2_std: number }
    expect(r2_std).toBeGreaterThan(0.005)
    expect(Math.abs(r2 - 0.5)).toBeLessThan(3 * r2_std)
  })

  test('is not above zero for noise: rows are scored only where they are held out', () => {
    expect(measure(noise)['r2']).toBeLessThan(0.02)
  })

  test('holds groups out as a whole: what only the group tells does not count', () => {
    const group = Float32Array.from({ length: rows }, (_, i) => i % 8)
    const code = seededRandom(12)
    const codes = Array.from({ length: 8 }, () => code())
    // Features that name the group; a target that is a random number per group.
    const named = Float32Array.from({ length: rows * 8 }, (_, i) => (Math.floor(i / 8) % 8 === i % 8 ? 1 : 0))
    const target = Float32Array.from({ length: rows }, (_, i) => codes[i % 8] ?? 0)
    const results = {
      features: { shape: [rows, 8], data: named },
      target: { shape: [rows], data: target },
    }
    const alone = ridgeProbe.measure({ settings: {}, seed: 0, results })
    const together = ridgeProbe.measure({
      settings: {},
      seed: 0,
      results: { ...results, group: { shape: [rows], data: group } },
    })
    expect(alone['r2']).toBeGreaterThan(0.99)
    expect(together['r2']).toBeLessThan(0.1)
    expect(together).toMatchObject({ groups: 8, folds: 5 })
  })

  test('gives no number where there is none', () => {
    const broken = Float32Array.from(linear)
    broken[3] = Number.NaN
    expect(measure(broken)).toMatchObject({ r2: null })
  })
})
