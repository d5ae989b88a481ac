import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import clustering from '../../src/runtime/measures/clustering.js'
import { agreement } from '../../src/runtime/measures/math/cluster-metrics.js'
import { bestAssignment } from '../../src/runtime/measures/math/hungarian.js'
import { RowsUnfit } from '../../src/runtime/measures/rows-unfit.js'
import { sphericalKmeans } from '../../src/runtime/measures/math/kmeans.js'
import { unitRows } from '../../src/runtime/measures/math/unit-rows.js'
import { permutation, seededRandom } from '../../src/runtime/measures/math/random.js'

interface Golden {
  readonly cases: readonly { truth: number[]; predicted: number[]; nmi: number; ari: number; acc: number }[]
}
const golden = JSON.parse(
  readFileSync(new URL('../golden/clustering.json', import.meta.url), 'utf8'),
) as Golden

describe('agreement', () => {
  test.each(golden.cases.map((c, i) => [i, c] as const))('equals the reference values, case %i', (_, c) => {
    const found = agreement(c.truth, c.predicted)
    expect(found.nmi).toBeCloseTo(c.nmi, 12)
    expect(found.ari).toBeCloseTo(c.ari, 12)
    expect(found.acc).toBeCloseTo(c.acc, 12)
  })

  test('is one for equal partitions whatever their names, and does not care which side is which for NMI and ARI', () => {
    expect(agreement([0, 0, 1, 1, 2], [7, 7, 3, 3, 5])).toEqual({ nmi: 1, acc: 1, ari: 1 })
    const [a, b] = [
      [0, 1, 1, 2, 2, 2, 0],
      [0, 0, 1, 1, 2, 2, 2],
    ]
    const [there, back] = [agreement(a ?? [], b ?? []), agreement(b ?? [], a ?? [])]
    expect(there.nmi).toBeCloseTo(back.nmi, 14)
    expect(there.ari).toBeCloseTo(back.ari, 14)
  })

  test('is nothing for one cluster over two classes, and all for one over one', () => {
    expect(agreement([0, 0, 1, 1], [0, 0, 0, 0])).toEqual({ nmi: 0, acc: 0.5, ari: 0 })
    expect(agreement([4, 4, 4], [1, 1, 1])).toEqual({ nmi: 1, acc: 1, ari: 1 })
  })
})

/** The greatest sum over all permutations. */
function bruteForce(score: Float64Array, n: number, row = 0, used = 0): number {
  if (row === n) return 0
  let best = Number.NEGATIVE_INFINITY
  for (let c = 0; c < n; c++) {
    if (used & (1 << c)) continue
    best = Math.max(best, (score[row * n + c] ?? 0) + bruteForce(score, n, row + 1, used | (1 << c)))
  }
  return best
}

describe('bestAssignment', () => {
  test('finds the best of all permutations on 300 small matrices, also with ties and negative scores', () => {
    const random = seededRandom(11)
    for (let trial = 0; trial < 300; trial++) {
      const n = 1 + (trial % 7)
      const score = Float64Array.from({ length: n * n }, () =>
        trial % 2 === 0 ? Math.floor(random() * 4) : random() * 20 - 10,
      )
      const columns = bestAssignment(score, n)
      expect(new Set(columns).size).toBe(n)
      const sum = columns.reduce((total, column, row) => total + (score[row * n + column] ?? 0), 0)
      expect(sum).toBeCloseTo(bruteForce(score, n), 9)
    }
  })

  test('undoes a hidden permutation of 200', () => {
    const n = 200
    const random = seededRandom(2)
    const hidden = permutation(n, random)
    const score = Float64Array.from({ length: n * n }, () => random())
    hidden.forEach((column, row) => (score[row * n + column] = 2))
    expect([...bestAssignment(score, n)]).toEqual([...hidden])
  })
})

/** Rows around directions; class i % k. */
function blobs(count: number, k: number, width: number, noise: number, seed: number) {
  const random = seededRandom(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const centres = Array.from({ length: k * width }, normal)
  const labels = Array.from({ length: count }, (_, i) => i % k)
  const data = Float32Array.from(
    { length: count * width },
    (_, i) => (centres[(Math.floor(i / width) % k) * width + (i % width)] ?? 0) + noise * normal(),
  )
  // Lengths mean nothing to spherical k-means.
  for (let i = 0; i < count; i++) {
    const scale = 0.1 + 10 * random()
    for (let j = 0; j < width; j++) data[i * width + j] = (data[i * width + j] ?? 0) * scale
  }
  return { data, labels }
}

describe('sphericalKmeans', () => {
  test('separates separable blobs, whatever the lengths of rows', () => {
    const { data, labels } = blobs(600, 6, 16, 0.15, 5)
    const { assignment } = sphericalKmeans(unitRows(data, 16), 6, seededRandom(0), { restarts: 5 })
    expect(agreement(labels, assignment)).toEqual({ nmi: 1, acc: 1, ari: 1 })
  })

  test('ends where no row is nearer to another centroid and no centroid moves', () => {
    const { data } = blobs(500, 4, 9, 1.5, 8)
    const rows = unitRows(data, 9)
    const { assignment, similarity } = sphericalKmeans(rows, 4, seededRandom(1), { restarts: 1 })
    const centroids = Array.from({ length: 4 }, (_, c) => {
      const sum = Array.from({ length: 9 }, (_, j) =>
        assignment.reduce((total, a, i) => total + (a === c ? (rows.data[i * 9 + j] ?? 0) : 0), 0),
      )
      const length = Math.hypot(...sum)
      return sum.map((v) => v / length)
    })
    let total = 0
    assignment.forEach((own, i) => {
      const cosines = centroids.map((c) => c.reduce((sum, v, j) => sum + v * (rows.data[i * 9 + j] ?? 0), 0))
      expect(cosines[own]).toBeGreaterThanOrEqual(Math.max(...cosines) - 1e-5)
      total += cosines[own] ?? 0
    })
    expect(similarity).toBeCloseTo(total, 2)
  })

  test('more restarts never fit worse, and equal seeds give equal clusters', () => {
    const { data } = blobs(400, 8, 6, 1, 3)
    const rows = unitRows(data, 6)
    const once = sphericalKmeans(rows, 8, seededRandom(4), { restarts: 1 })
    const often = sphericalKmeans(rows, 8, seededRandom(4), { restarts: 8 })
    expect(often.similarity).toBeGreaterThanOrEqual(once.similarity)
    expect([...sphericalKmeans(rows, 8, seededRandom(4), { restarts: 1 }).assignment]).toEqual([
      ...once.assignment,
    ])
  })

  test('survives more clusters than distinct rows, and rows of zeros', () => {
    const same = unitRows(
      Float32Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1 : 0)),
      2,
    )
    expect(sphericalKmeans(same, 4, seededRandom(0), { restarts: 2 }).assignment).toHaveLength(10)
    const zeros = unitRows(new Float32Array(12), 3)
    expect(sphericalKmeans(zeros, 2, seededRandom(0), { restarts: 2 }).similarity).toBe(0)
  })
})

const results = (seed: number, noise: number) => {
  const { data: features, labels } = blobs(300, 5, 8, noise, seed)
  return {
    features: { shape: [300, 2, 4], data: features },
    label: { shape: [300], data: Float32Array.from(labels) },
  }
}

describe('clustering', () => {
  test('gives means and deviations over seeds; with as many clusters as classes', () => {
    const metrics = clustering.measure({
      settings: { seeds: 4, restarts: 1 },
      seed: 1,
      results: results(1, 0.9),
    })
    expect(metrics).toMatchObject({ rows: 300, clusters: 5, seeds: 4 })
    expect(metrics['nmi']).toBeGreaterThan(0.2)
    expect(metrics['nmi']).toBeLessThan(1)
    expect(metrics['nmi_std']).toBeGreaterThan(0)
    const easy = clustering.measure({ settings: { seeds: 3 }, seed: 1, results: results(1, 0.05) })
    expect(easy).toMatchObject({ nmi: 1, acc: 1, ari: 1, nmi_std: 0 })
  })

  test('makes as many clusters as it is told', () => {
    const settings = { clusters: 3, seeds: 1 }
    expect(clustering.measure({ settings, seed: 1, results: results(2, 0.05) })).toMatchObject({
      clusters: 3,
    })
  })

  test('measures nothing of features that are not finite', () => {
    const broken = results(1, 0.1)
    broken.features.data[5] = Number.NaN
    expect(clustering.measure({ settings: {}, seed: 0, results: broken })).toMatchObject({
      nmi: null,
      acc: null,
    })
  })
})

interface FaissRuns {
  readonly features: number[][]
  readonly labels: number[]
  readonly all: Readonly<Record<string, { readonly mean: number; readonly std: number }>>
  readonly few: Readonly<Record<string, { readonly mean: number; readonly std: number }>>
}

describe('beside faiss', () => {
  const faiss = JSON.parse(
    readFileSync(new URL('../oracle/fixtures/kmeans.json', import.meta.url), 'utf8'),
  ) as FaissRuns
  const features = Float32Array.from(faiss.features.flat())
  const input = {
    seed: 3,
    results: {
      features: { shape: [600, 6], data: features },
      label: { shape: [600], data: Float32Array.from(faiss.labels) },
    },
  }
  const settings = { seeds: 40, restarts: 20, init: 'random' }

  test('the best of 20 starts is the same optimum', () => {
    const options = { restarts: 20, init: 'random' } as const
    const { similarity } = sphericalKmeans(unitRows(features, 6), 5, seededRandom(0), options)
    expect(Math.abs(similarity - (faiss.all['similarity']?.mean ?? 0))).toBeLessThan(0.03)
  })

  // Of 8 rows a cluster the deviation over seeds is 30 times that of all: which rows are drawn decides.
  test.each([
    ['all', 256],
    ['few', 8],
  ] as const)('trained on %s rows, means over 40 seeds agree within four standard errors', (which, most) => {
    const metrics = clustering.measure({ ...input, settings: { ...settings, train_rows: most } })
    for (const name of ['nmi', 'acc', 'ari']) {
      const { mean = NaN, std = NaN } = faiss[which][name] ?? {}
      const own = Number(metrics[`${name}_std`])
      const error = Math.hypot(std, own) / Math.sqrt(40)
      expect(Math.abs(Number(metrics[name]) - mean), name).toBeLessThan(4 * error)
      expect(own / std).toBeGreaterThan(0.5)
      expect(own / std).toBeLessThan(2)
    }
  })

  test('the interval over rows holds the value, is as wide as drawing rows makes it, and chance is far below', () => {
    const metrics = clustering.measure({ ...input, settings: { ...settings, seeds: 1 } })
    const [low = NaN, high = NaN] = metrics['acc_interval'] as number[]
    const acc = Number(metrics['acc'])
    expect(low).toBeLessThan(acc)
    expect(high).toBeGreaterThan(acc)
    // of a share under a fixed map
    expect((high - low) / (2 * 1.96 * Math.sqrt((acc * (1 - acc)) / 600))).toBeCloseTo(1, 0)
    expect(Math.abs(Number(metrics['ari_chance']))).toBeLessThan(0.01)
    expect(Number(metrics['acc_chance'])).toBeGreaterThan(0.2)
    expect(Number(metrics['acc_chance'])).toBeLessThan(0.3)
  })
})

test('more clusters than rows and a single class are refused', () => {
  const one = { ...results(1, 0.1), label: { shape: [300], data: new Float32Array(300) } }
  expect(() => clustering.measure({ settings: {}, seed: 0, results: one })).toThrow(RowsUnfit)
  expect(() =>
    clustering.measure({ settings: { clusters: 301 }, seed: 0, results: results(1, 0.1) }),
  ).toThrow('301 clusters of 300 rows')
})

test('seededRandom is uniform, and other seeds give other numbers', () => {
  const random = seededRandom(9)
  const values = Array.from({ length: 20_000 }, random)
  const bins = Array.from({ length: 10 }, (_, b) => values.filter((v) => Math.floor(v * 10) === b).length)
  // Chi squared with 9 degrees of freedom: above 33 once in 7,000 times.
  expect(bins.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0)).toBeLessThan(33)
  expect(seededRandom(1, 2)()).not.toBe(seededRandom(2, 1)())
  expect([...permutation(50, random)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i))
})
