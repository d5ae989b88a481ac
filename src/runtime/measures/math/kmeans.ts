import { permutation, type Random } from './random.js'
import { dotAt, normalise, type Rows } from './unit-rows.js'

export interface Clustering {
  /** The cluster of each row. */
  readonly assignment: Int32Array
  /** The sum of the cosines between rows and their centroids: what the method makes large. */
  readonly similarity: number
  /** [k, width], of length 1. */
  readonly centroids: Float32Array
}

/** Where a run starts: at rows that lie far apart (Arthur and Vassilvitskii 2007), or at random ones, as faiss does. */
export const starts = ['k-means++', 'random'] as const

export interface KmeansOptions {
  readonly restarts: number
  readonly init?: (typeof starts)[number]
  /** Rounds of a run at most. */
  readonly iterations?: number
}

/**
 * Spherical k-means (cosine similarity, centroids of length 1; Dhillon and Modha 2001), the best of `restarts` runs.
 */
export function sphericalKmeans(rows: Rows, k: number, random: Random, options: KmeansOptions): Clustering {
  let best = lloyd(rows, k, random, options)
  for (let restart = 1; restart < options.restarts; restart++) {
    const next = lloyd(rows, k, random, options)
    if (next.similarity > best.similarity) best = next
  }
  return best
}

/** The nearest centroid of each row. */
export function nearestCentroids({ data, count, width }: Rows, centroids: Float32Array): Int32Array {
  const k = centroids.length / width
  return Int32Array.from({ length: count }, (_, i) => {
    let best = 0
    let most = Number.NEGATIVE_INFINITY
    for (let c = 0; c < k; c++) {
      const cosine = dotAt(data, i * width, centroids, c * width, width)
      if (cosine > most) [most, best] = [cosine, c]
    }
    return best
  })
}

/** Some rows, drawn without replacement; all where there are no more. */
export function sampleRows(rows: Rows, most: number, random: Random): Rows {
  const { data, count, width } = rows
  if (count <= most) return rows
  const chosen = permutation(count, random).subarray(0, most)
  const out = new Float32Array(most * width)
  chosen.forEach((row, i) => out.set(data.subarray(row * width, (row + 1) * width), i * width))
  return { data: out, count: most, width }
}

/** What the rounds of one run keep. */
interface Run {
  readonly centroids: Float32Array
  /** The sum of the rows of each cluster, and how many they are. */
  readonly sums: Float64Array
  readonly sizes: Int32Array
  readonly assignment: Int32Array
  /** The cosine of each row and its centroid. */
  readonly cosines: Float64Array
  /** No other centroid is nearer to the row than this cosine. */
  readonly others: Float64Array
}

function lloyd(
  rows: Rows,
  k: number,
  random: Random,
  { init = 'k-means++', iterations = 300 }: KmeansOptions,
): Clustering {
  const run: Run = {
    centroids: init === 'random' ? randomStart(rows, k, random) : spreadStart(rows, k, random),
    sums: new Float64Array(k * rows.width),
    sizes: new Int32Array(k),
    assignment: new Int32Array(rows.count).fill(-1),
    cosines: new Float64Array(rows.count).fill(-1),
    others: new Float64Array(rows.count).fill(1),
  }
  for (let round = 0; round < iterations; round++) {
    if (assign(rows, run, k) === 0) break
    recentre(rows, run, k)
  }
  const { assignment, centroids } = run
  return { assignment, centroids, similarity: run.cosines.reduce((sum, cosine) => sum + cosine, 0) }
}

/** The centroids are rows; where there are fewer than k, some of them twice. */
function randomStart({ data, count, width }: Rows, k: number, random: Random): Float32Array {
  const order = permutation(count, random)
  const centroids = new Float32Array(k * width)
  for (let c = 0; c < k; c++) {
    const row = order[c % count] ?? 0
    centroids.set(data.subarray(row * width, (row + 1) * width), c * width)
  }
  return centroids
}

/** k-means++: each next centroid is a row drawn with probability proportional to its squared distance. */
function spreadStart({ data, count, width }: Rows, k: number, random: Random): Float32Array {
  const centroids = new Float32Array(k * width)
  const distance = new Float64Array(count).fill(Number.POSITIVE_INFINITY)
  let chosen = Math.floor(random() * count)
  for (let c = 0; c < k; c++) {
    centroids.set(data.subarray(chosen * width, (chosen + 1) * width), c * width)
    let total = 0
    for (let i = 0; i < count; i++) {
      // |a - b|^2 of unit vectors.
      const squared = Math.max(0, 2 - 2 * dotAt(data, i * width, centroids, c * width, width))
      distance[i] = Math.min(distance[i] ?? 0, squared)
      total += distance[i] ?? 0
    }
    let left = random() * total
    chosen = Math.floor(random() * count)
    if (total === 0) continue
    for (let i = 0; i < count; i++) {
      left -= distance[i] ?? 0
      if (left < 0) {
        chosen = i
        break
      }
    }
  }
  return centroids
}

/** For rounding in float32 sums. */
const margin = 1e-6

/**
 * Gives each row its nearest centroid; returns how many rows changed. A row whose own centroid is still nearer than
 * the bound of all others is passed over (Hamerly 2010, for cosines), which is most rows after a few rounds.
 */
function assign(rows: Rows, run: Run, k: number): number {
  const { data, count, width } = rows
  const { centroids, assignment, cosines, others } = run
  let moved = 0
  for (let i = 0; i < count; i++) {
    const own = assignment[i] ?? -1
    if (own >= 0) {
      const cosine = dotAt(data, i * width, centroids, own * width, width)
      cosines[i] = cosine
      if (cosine > (others[i] ?? 1) + margin) continue
    }
    let best = -1
    let first = Number.NEGATIVE_INFINITY
    let second = Number.NEGATIVE_INFINITY
    for (let c = 0; c < k; c++) {
      const cosine = dotAt(data, i * width, centroids, c * width, width)
      if (cosine > first) {
        second = first
        first = cosine
        best = c
      } else if (cosine > second) {
        second = cosine
      }
    }
    if (own !== best) {
      moved++
      if (own >= 0) tally(rows, run, i, own, -1)
      tally(rows, run, i, best, 1)
    }
    assignment[i] = best
    cosines[i] = first
    others[i] = second
  }
  return moved
}

/** Adds a row to what its cluster sums up, or takes it away: few rows move in most rounds. */
function tally(
  { data, width }: Rows,
  { sums, sizes }: Run,
  row: number,
  cluster: number,
  sign: 1 | -1,
): void {
  sizes[cluster] = (sizes[cluster] ?? 0) + sign
  const [to, from] = [cluster * width, row * width]
  for (let j = 0; j < width; j++) sums[to + j] = (sums[to + j] ?? 0) + sign * (data[from + j] ?? 0)
}

/** Centroids become the directions of their rows' sums; an empty cluster takes the row that fits worst. */
function recentre({ data, count, width }: Rows, run: Run, k: number): void {
  const { centroids, sums, sizes, cosines, others } = run
  const before = Float32Array.from(centroids)
  centroids.set(sums)
  let farthest = 0
  for (let c = 0; c < k; c++) {
    if (sizes[c] === 0) {
      const worst = cosines.indexOf(cosines.reduce((least, cosine) => Math.min(least, cosine), 1))
      centroids.set(data.subarray(worst * width, (worst + 1) * width), c * width)
      cosines[worst] = 1
    }
    normalise(centroids.subarray(c * width, (c + 1) * width))
    farthest = Math.max(farthest, distance(before, centroids, c * width, width))
  }
  // A cosine with a row of length 1 grows by no more than its centroid moves.
  for (let i = 0; i < count; i++) others[i] = (others[i] ?? 1) + farthest
}

function distance(a: Float32Array, b: Float32Array, at: number, width: number): number {
  let sum = 0
  for (let j = at; j < at + width; j++) sum += ((a[j] ?? 0) - (b[j] ?? 0)) ** 2
  return Math.sqrt(sum)
}
