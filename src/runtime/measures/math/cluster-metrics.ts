import { bestAssignment } from './hungarian.js'

/** How well clusters agree with classes. */
export interface Agreement {
  /** Normalised mutual information, arithmetic mean of the entropies. */
  readonly nmi: number
  /** Share of rows right under the best one-to-one map from clusters to classes. */
  readonly acc: number
  /** Adjusted Rand index: 0 is chance, 1 is equality. */
  readonly ari: number
}

/** Compares two labellings of the same rows; the labels themselves mean nothing. */
export function agreement(truth: ArrayLike<number>, predicted: ArrayLike<number>): Agreement {
  const table = contingency(truth, predicted)
  return { nmi: mutualInformation(table), acc: accuracy(table), ari: adjustedRand(table) }
}

interface Table {
  readonly total: number
  /** counts[class][cluster]. */
  readonly counts: readonly Float64Array[]
  readonly classSizes: readonly number[]
  readonly clusterSizes: readonly number[]
}

function contingency(truth: ArrayLike<number>, predicted: ArrayLike<number>): Table {
  if (truth.length !== predicted.length)
    throw new Error(`${truth.length} labels for ${predicted.length} rows`)
  const [classes, clusters] = [numbered(truth), numbered(predicted)]
  const counts = Array.from({ length: classes.count }, () => new Float64Array(clusters.count))
  for (let i = 0; i < truth.length; i++) {
    const row = counts[classes.ids[i] ?? 0]
    const cluster = clusters.ids[i] ?? 0
    if (row) row[cluster] = (row[cluster] ?? 0) + 1
  }
  return {
    total: truth.length,
    counts,
    classSizes: counts.map((row) => row.reduce((a, b) => a + b, 0)),
    clusterSizes: Array.from({ length: clusters.count }, (_, c) =>
      counts.reduce((sum, row) => sum + (row[c] ?? 0), 0),
    ),
  }
}

function numbered(labels: ArrayLike<number>): { ids: Int32Array; count: number } {
  const known = new Map<number, number>()
  const ids = Int32Array.from({ length: labels.length }, (_, i) => {
    const label = labels[i] ?? 0
    const id = known.get(label) ?? known.size
    known.set(label, id)
    return id
  })
  return { ids, count: known.size }
}

const entropy = (sizes: readonly number[], total: number): number =>
  sizes.reduce((sum, size) => (size === 0 ? sum : sum - (size / total) * Math.log(size / total)), 0)

/** I(class; cluster) / ((H(class) + H(cluster)) / 2). */
function mutualInformation({ counts, classSizes, clusterSizes, total }: Table): number {
  const half = (entropy(classSizes, total) + entropy(clusterSizes, total)) / 2
  if (half === 0) return 1
  let information = 0
  counts.forEach((row, i) =>
    row.forEach((n, j) => {
      if (n > 0)
        information += (n / total) * Math.log((n * total) / ((classSizes[i] ?? 0) * (clusterSizes[j] ?? 0)))
    }),
  )
  return Math.max(0, information / half)
}

function accuracy({ counts, clusterSizes, total }: Table): number {
  const n = Math.max(counts.length, clusterSizes.length)
  const square = new Float64Array(n * n)
  counts.forEach((row, i) => square.set(row, i * n))
  return (
    bestAssignment(square, n).reduce((sum, column, row) => sum + (square[row * n + column] ?? 0), 0) / total
  )
}

const pairs = (n: number): number => (n * (n - 1)) / 2

/** (pairs together in both - expected) / (mean of pairs together in each - expected). */
function adjustedRand({ counts, classSizes, clusterSizes, total }: Table): number {
  const together = counts.reduce((sum, row) => sum + row.reduce((a, n) => a + pairs(n), 0), 0)
  const inClasses = classSizes.reduce((sum, n) => sum + pairs(n), 0)
  const inClusters = clusterSizes.reduce((sum, n) => sum + pairs(n), 0)
  const expected = total < 2 ? 0 : (inClasses * inClusters) / pairs(total)
  const most = (inClasses + inClusters) / 2
  return most === expected ? 1 : (together - expected) / (most - expected)
}
