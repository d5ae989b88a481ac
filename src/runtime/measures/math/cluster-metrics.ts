import { bootstrap, type Spread, unbiased } from './bootstrap.js'
import { bestAssignment } from './hungarian.js'
import { permutation, type Random } from './random.js'
import { mean } from './statistics.js'

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

/** What clusters of the same sizes have in common with the classes by chance: the mean over `trials` shuffles. */
export function agreementByChance(
  truth: ArrayLike<number>,
  predicted: Int32Array,
  random: Random,
  trials = 5,
): Agreement {
  const shuffled = Array.from({ length: trials }, () =>
    agreement(
      truth,
      permutation(predicted.length, random).map((row) => predicted[row] ?? 0),
    ),
  )
  const over = (of: (one: Agreement) => number): number => mean(shuffled.map(of))
  return { nmi: over((a) => a.nmi), acc: over((a) => a.acc), ari: over((a) => a.ari) }
}

/** The spread over rows of the mean agreement of several clusterings; each keeps its clusters and its best map. */
export function agreementSpread(
  truth: ArrayLike<number>,
  clusterings: readonly Int32Array[],
  random: Random,
): Readonly<Record<keyof Agreement, Spread>> {
  const tables = clusterings.map((predicted) => new WeightedTable(truth, predicted))
  const all = new Int32Array(truth.length).fill(1)
  const statistic = (times: Int32Array): readonly [nmi: number, acc: number, ari: number] => {
    const each = tables.map((table) => table.agreement(times))
    return [mean(each.map((a) => a.nmi)), mean(each.map((a) => a.acc)), mean(each.map((a) => a.ari))]
  }
  const [nmi, acc, ari] = bootstrap(truth.length, random, statistic, 200)
  const value = statistic(all)
  if (!nmi || !acc || !ari) throw new Error('three statistics went in')
  return { nmi: unbiased(nmi, value[0]), acc: unbiased(acc, value[1]), ari: unbiased(ari, value[2]) }
}

/** Classes against clusters, with a weight for each row; only cells that hold rows are kept. */
class WeightedTable {
  private readonly cellOf: Int32Array
  private readonly cells: { readonly row: number; readonly column: number; readonly matched: boolean }[] = []
  private readonly classes: number
  private readonly clusters: number

  constructor(truth: ArrayLike<number>, predicted: ArrayLike<number>) {
    const [classes, clusters] = [numbered(truth), numbered(predicted)]
    this.classes = classes.count
    this.clusters = clusters.count
    const map = bestMap(contingency(truth, predicted))
    const known = new Map<number, number>()
    this.cellOf = classes.ids.map((row, i) => {
      const column = clusters.ids[i] ?? 0
      const key = row * clusters.count + column
      const cell = known.get(key) ?? known.size
      if (cell === known.size) {
        known.set(key, cell)
        this.cells.push({ row, column, matched: map[row] === column })
      }
      return cell
    })
  }

  agreement(times: Int32Array): Agreement {
    const weights = new Float64Array(this.cells.length)
    let total = 0
    for (let i = 0; i < times.length; i++) {
      const cell = this.cellOf[i] ?? 0
      weights[cell] = (weights[cell] ?? 0) + (times[i] ?? 0)
      total += times[i] ?? 0
    }
    const classSizes = new Float64Array(this.classes)
    const clusterSizes = new Float64Array(this.clusters)
    let right = 0
    this.cells.forEach(({ row, column, matched }, cell) => {
      const n = weights[cell] ?? 0
      classSizes[row] = (classSizes[row] ?? 0) + n
      clusterSizes[column] = (clusterSizes[column] ?? 0) + n
      if (matched) right += n
    })
    const half = (entropy(classSizes, total) + entropy(clusterSizes, total)) / 2
    let information = 0
    let together = 0
    this.cells.forEach(({ row, column }, cell) => {
      const n = weights[cell] ?? 0
      together += pairs(n)
      if (n > 0)
        information +=
          (n / total) * Math.log((n * total) / ((classSizes[row] ?? 0) * (clusterSizes[column] ?? 0)))
    })
    const ari = rand(together, sumOfPairs(classSizes), sumOfPairs(clusterSizes), total)
    return { nmi: half === 0 ? 1 : Math.max(0, information / half), acc: right / total, ari }
  }
}

interface Table {
  readonly total: number
  /** counts[class][cluster]. */
  readonly counts: readonly Float64Array[]
  readonly classSizes: Float64Array
  readonly clusterSizes: Float64Array
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
    classSizes: Float64Array.from(counts, (row) => row.reduce((a, b) => a + b, 0)),
    clusterSizes: Float64Array.from({ length: clusters.count }, (_, c) =>
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

const entropy = (sizes: ArrayLike<number>, total: number): number => {
  let sum = 0
  for (let i = 0; i < sizes.length; i++) {
    const share = (sizes[i] ?? 0) / total
    if (share > 0) sum -= share * Math.log(share)
  }
  return sum
}

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

/** The cluster of each class under the one-to-one map that is right for most rows. */
function bestMap({ counts, clusterSizes }: Table): Int32Array {
  const n = Math.max(counts.length, clusterSizes.length)
  const square = new Float64Array(n * n)
  counts.forEach((row, i) => square.set(row, i * n))
  return bestAssignment(square, n)
}

function accuracy(table: Table): number {
  const map = bestMap(table)
  return table.counts.reduce((sum, row, i) => sum + (row[map[i] ?? -1] ?? 0), 0) / table.total
}

const pairs = (n: number): number => (n * (n - 1)) / 2

const sumOfPairs = (sizes: Float64Array): number => sizes.reduce((sum, n) => sum + pairs(n), 0)

function adjustedRand({ counts, classSizes, clusterSizes, total }: Table): number {
  const together = counts.reduce((sum, row) => sum + sumOfPairs(row), 0)
  return rand(together, sumOfPairs(classSizes), sumOfPairs(clusterSizes), total)
}

/** (pairs together in both - expected) / (mean of pairs together in each - expected). */
function rand(together: number, inClasses: number, inClusters: number, total: number): number {
  const expected = total < 2 ? 0 : (inClasses * inClusters) / pairs(total)
  const most = (inClasses + inClusters) / 2
  return most === expected ? 1 : (together - expected) / (most - expected)
}
