import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/runtime/measures/math/random.js'
import scatter from '../../src/runtime/measures/scatter.js'
import { type Nested, valueOf } from '../check/value.js'

/*
 * Aim: what the paper proves of its scatters and its loss holds for ours, on random cases and on cases in which the
 * bounds are reached. The constants are those of the proofs.
 */

type Row = readonly number[]

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const normals = (random: Random, n: number): number[] => Array.from({ length: n }, () => normal(random))
const dot = (a: Row, b: Row): number => a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0)
const norm = (a: Row): number => Math.sqrt(dot(a, a))
const minus = (a: Row, b: Row): number[] => a.map((v, i) => v - (b[i] ?? 0))
const scaled = (a: Row, to: number): number[] => a.map((v) => (v * to) / norm(a))

/** Orthonormal rows by Gram and Schmidt. */
function rotation(random: Random, d: number): number[][] {
  const rows: number[][] = []
  while (rows.length < d) {
    let row = normals(random, d)
    for (const known of rows) row = minus(row, scaled(known, dot(row, known)))
    rows.push(scaled(row, 1))
  }
  return rows
}

const apply = (matrix: readonly Row[], x: Row): number[] => matrix.map((row) => dot(row, x))

/** Both scatters as an evaluation measures them: Eq. 4 and 5. */
function scatters(rows: readonly Row[], labels: Row): { readonly inner: number; readonly inter: number } {
  const results = {
    features: { shape: [rows.length, rows[0]?.length ?? 0], data: Float32Array.from(rows.flat()) },
    label: { shape: [labels.length], data: Float32Array.from(labels) },
  }
  const found = scatter.measure({ settings: {}, seed: 0, results })
  return { inner: Number(found['s_inner']), inter: Number(found['s_inter']) }
}

/** Classes of rows around centres, some near to each other and some far. */
function batch(random: Random, d: number): { readonly rows: Row[]; readonly labels: number[] } {
  const labels = Array.from({ length: 24 }, (_, i) => i % 4)
  const spread = 0.05 + 2 * random()
  const centres = Array.from({ length: 4 }, () => normals(random, d))
  const rows = labels.map((c) => normals(random, d).map((v, j) => (centres[c]?.[j] ?? 0) + spread * v))
  return { rows, labels }
}

/** x rotated, stretched between two bounds axis by axis, bent by less than `bend`, rotated again. */
function map(random: Random, d: number, bend: number) {
  const [first, second] = [rotation(random, d), rotation(random, d)]
  const stretch = Array.from({ length: d }, () => 0.5 + 2 * random())
  const g = (x: Row): number[] =>
    apply(
      second,
      apply(first, x).map((v, j) => (stretch[j] ?? 1) * v + bend * Math.sin(v)),
    )
  return { g, low: Math.min(...stretch) - bend, high: Math.max(...stretch) + bend }
}

const seeds = Array.from({ length: 40 }, (_, seed) => seed)
const rounding = 1e-4

describe('theorem 1: scatters of features are bounded by those of predictions under a bi-Lipschitz map', () => {
  test.each(seeds)('Eq. 13 and 14, case %i', (seed) => {
    const random = seededRandom(13, seed)
    const { rows, labels } = batch(random, 6)
    const { g, low, high } = map(random, 6, 0.2)
    const [z, e] = [scatters(rows, labels), scatters(rows.map(g), labels)]
    expect(z.inner).toBeLessThanOrEqual((e.inner / low ** 2) * (1 + rounding))
    const below = e.inter / (3 * high ** 2) - (2 / low ** 2) * e.inner
    expect(z.inter).toBeGreaterThanOrEqual(below - rounding * Math.abs(below))
  })

  test('Eq. 13 is reached by a rotation', () => {
    const random = seededRandom(13, 99)
    const { rows, labels } = batch(random, 6)
    const turned = rotation(random, 6)
    const e = scatters(
      rows.map((x) => apply(turned, x).map((v) => 3 * v)),
      labels,
    )
    expect(e.inner / 9 / scatters(rows, labels).inner).toBeCloseTo(1, 5)
    expect(e.inter / 9 / scatters(rows, labels).inter).toBeCloseTo(1, 5)
  })
})

/** A batch of predictions as text: nested lists. */
const literal = (values: Nested): string =>
  typeof values === 'number'
    ? values.toExponential(16)
    : Array.isArray(values)
      ? `[${values.map((v: Nested) => literal(v)).join(', ')}]`
      : ''

const tau = 0.1
const loss = (pairs: readonly (readonly Row[])[], positive: readonly Row[], target: readonly Row[]): number =>
  Number(
    valueOf(
      `dcr_loss(constant(${literal(pairs)}), constant(${literal(positive)}), constant(${literal(target)}), ${tau})`,
      'use std.losses { dcr_loss }',
    ),
  )

const cosine = (a: Row, b: Row): number => dot(a, b) / (norm(a) * norm(b))
const mean = (xs: Row): number => xs.reduce((a, b) => a + b, 0) / xs.length

/** Two anchors, their negatives turned away from them (cosine at most -0.2), norms between 1 and 2. */
function predictions(random: Random) {
  const d = 5
  const length = (): number => 1 + random()
  const anchors = [0, 1].map(() => scaled(normals(random, d), length()))
  const near = (a: Row): number[] => {
    const spread = 2 * random()
    return scaled(
      a.map((v) => v + spread * normal(random)),
      length(),
    )
  }
  const away = (a: Row): number[] => {
    for (;;) {
      const b = scaled(normals(random, d), length())
      if (cosine(a, b) <= -0.2) return b
    }
  }
  const negatives = anchors.map(away)
  const [a0 = [], a1 = []] = anchors
  const [n0 = [], n1 = []] = negatives
  return {
    anchors,
    negatives,
    pairs: [
      [a0, n0],
      [n1, a1],
    ],
    positive: anchors.map(near),
    target: anchors.map(near),
  }
}

describe('theorem 2: with separated negatives the loss is the reconstruction error, scaled and shifted', () => {
  test.each(seeds.slice(0, 12))('Eq. 15 and the identities behind it, case %i', (seed) => {
    const { anchors, negatives, pairs, positive, target } = predictions(seededRandom(15, seed))
    const terms = anchors.map((a, i) => {
      const [p = [], g = [], n = []] = [positive[i], target[i], negatives[i]]
      const error = dot(minus(a, g), minus(a, g))
      const size = norm(a) * norm(g)
      const all = [p, g, n].reduce((sum, x) => sum + Math.exp(cosine(a, x) / tau), 0)
      // Eq. 80 and 87: of the loss, the target's cosine written as a distance
      const exact =
        error / (4 * tau * size) -
        (norm(a) - norm(g)) ** 2 / (4 * tau * size) -
        1 / (2 * tau) -
        cosine(a, p) / (2 * tau) +
        Math.log(all)
      return { error, exact }
    })
    const found = loss(pairs, positive, target)
    expect(found).toBeCloseTo(mean(terms.map((t) => t.exact)), 9)

    // Eq. 97 with norms in [1, 2]: the sum of exponentials is at least 2 e^(-1/tau), and with its one negative turned
    // away at most 2 e^(1/tau) + e^(-0.2/tau)
    const error = mean(terms.map((t) => t.error))
    const lower = (error - 1) / (4 * tau * 4) - 1 / tau + Math.log(2 * Math.exp(-1 / tau))
    const upper = error / (4 * tau) + Math.log(2 * Math.exp(1 / tau) + Math.exp(-0.2 / tau))
    expect(found).toBeGreaterThanOrEqual(lower)
    expect(found).toBeLessThanOrEqual(upper)
  })

  test('along a turn of the target, all else fixed, the loss rises with the error', () => {
    const { pairs, positive, anchors } = predictions(seededRandom(15, 77))
    const side = anchors.map((a) => {
      const other = a.map((_, j) => (j === 0 ? 1 : j))
      return scaled(minus(other, scaled(a, dot(other, a) / norm(a))), norm(a))
    })
    const at = (angle: number): { readonly error: number; readonly value: number } => {
      const turned = anchors.map((a, i) =>
        a.map((v, j) => Math.cos(angle) * v + Math.sin(angle) * (side[i]?.[j] ?? 0)),
      )
      const errors = anchors.map((a, i) => dot(minus(a, turned[i] ?? []), minus(a, turned[i] ?? [])))
      return { error: mean(errors), value: loss(pairs, positive, turned) }
    }
    const path = [1.2, 1.6, 2, 2.4, 2.8].map(at)
    for (const [i, { error, value }] of path.entries()) {
      const before = path[i - 1]
      if (!before) continue
      expect(error).toBeGreaterThan(before.error)
      expect(value).toBeGreaterThan(before.value)
    }
  })
})
