/** What of the descent can be chosen; the rest is as in scikit-learn's exact method. */
export interface Descent {
  readonly perplexity: number
  readonly iterations: number
  /** How many of them, at first, count similarities twelve times, so that groups form before they spread. */
  readonly early: number
}

const exaggeration = 12
const least = Number.EPSILON

/**
 * Exact t-SNE (van der Maaten and Hinton 2008) of rows, from a start [n, 2] that it moves in place; gives the
 * Kullback-Leibler divergence at the end. Step size, momentum and gains are those of scikit-learn.
 */
export function tsne(
  data: Float32Array,
  width: number,
  place: Float64Array,
  { perplexity, iterations, early }: Descent,
): number {
  const n = place.length / 2
  const similar = similarities(squaredDistances(data, width), n, perplexity)
  const rate = Math.max(n / exaggeration / 4, 50)
  const [gradient, update, gains] = [0, 0, 1].map((fill) => new Float64Array(2 * n).fill(fill))
  if (!gradient || !update || !gains) throw new Error('three arrays were made')
  const kernel = new Float64Array(n * n)
  for (let step = 0; step < iterations; step++) {
    const first = step < early
    descend(similar, place, kernel, gradient, first ? exaggeration : 1)
    if (step === early) {
      update.fill(0)
      gains.fill(1)
    }
    for (let k = 0; k < place.length; k++) {
      const [g = 0, before = 0] = [gradient[k], update[k]]
      const gain = Math.max(0.01, before * g < 0 ? (gains[k] ?? 0) + 0.2 : (gains[k] ?? 0) * 0.8)
      const moved = (first ? 0.5 : 0.8) * before - rate * gain * g
      gains[k] = gain
      update[k] = moved
      place[k] = (place[k] ?? 0) + moved
    }
  }
  return divergenceOf(similar, kernel, kernelOf(place, kernel))
}

/** The gradient of the divergence by places, with similarities counted so many times. */
function descend(
  similar: Float64Array,
  place: Float64Array,
  kernel: Float64Array,
  gradient: Float64Array,
  times: number,
): void {
  const n = place.length / 2
  const sum = kernelOf(place, kernel)
  gradient.fill(0)
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      const near = kernel[i * n + j] ?? 0
      const force = 4 * (times * (similar[i * n + j] ?? 0) - Math.max(near / sum, least)) * near
      const x = force * ((place[2 * i] ?? 0) - (place[2 * j] ?? 0))
      const y = force * ((place[2 * i + 1] ?? 0) - (place[2 * j + 1] ?? 0))
      gradient[2 * i] = (gradient[2 * i] ?? 0) + x
      gradient[2 * i + 1] = (gradient[2 * i + 1] ?? 0) + y
      gradient[2 * j] = (gradient[2 * j] ?? 0) - x
      gradient[2 * j + 1] = (gradient[2 * j + 1] ?? 0) - y
    }
}

/** How near places are, by Student's t with one degree of freedom, above the diagonal; gives the sum over all pairs. */
function kernelOf(place: Float64Array, kernel: Float64Array): number {
  const n = place.length / 2
  let sum = 0
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      const x = (place[2 * i] ?? 0) - (place[2 * j] ?? 0)
      const y = (place[2 * i + 1] ?? 0) - (place[2 * j + 1] ?? 0)
      const value = 1 / (1 + x * x + y * y)
      kernel[i * n + j] = value
      sum += 2 * value
    }
  return sum
}

function divergenceOf(similar: Float64Array, kernel: Float64Array, sum: number): number {
  const n = Math.sqrt(similar.length)
  let divergence = 0
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      const p = Math.max(similar[i * n + j] ?? 0, least)
      divergence += 2 * p * Math.log(p / Math.max((kernel[i * n + j] ?? 0) / sum, least))
    }
  return divergence
}

function squaredDistances(data: Float32Array, width: number): Float64Array {
  const n = data.length / width
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += ((data[i * width + k] ?? 0) - (data[j * width + k] ?? 0)) ** 2
      out[i * n + j] = out[j * n + i] = sum
    }
  return out
}

/** Similarities of all pairs, which sum to 1: of each row Gaussian, as wide as gives it so many neighbours. */
export function similarities(distances: Float64Array, n: number, perplexity: number): Float64Array {
  const own = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const row = distances.subarray(i * n, (i + 1) * n)
    let [low, high, precision] = [-Infinity, Infinity, 1]
    for (let attempt = 0; attempt < 100; attempt++) {
      const by = entropyOf(row, i, precision, own.subarray(i * n, (i + 1) * n)) - Math.log(perplexity)
      if (Math.abs(by) <= 1e-5) break
      if (by > 0) [low, precision] = [precision, high === Infinity ? precision * 2 : (precision + high) / 2]
      else [high, precision] = [precision, low === -Infinity ? precision / 2 : (precision + low) / 2]
    }
  }
  const both = Float64Array.from(own, (value, k) => value + (own[(k % n) * n + Math.floor(k / n)] ?? 0))
  const sum = both.reduce((a, b) => a + b, 0)
  return both.map((value, k) => (k % n === Math.floor(k / n) ? 0 : Math.max(value / sum, least)))
}

/** Writes what a row gives the others at a precision, and gives its entropy. */
function entropyOf(row: Float64Array, self: number, precision: number, out: Float64Array): number {
  let [sum, weighted] = [0, 0]
  row.forEach((distance, j) => {
    const value = j === self ? 0 : Math.exp(-distance * precision)
    out[j] = value
    sum += value
  })
  sum = sum === 0 ? 1e-8 : sum
  row.forEach((distance, j) => {
    out[j] = (out[j] ?? 0) / sum
    weighted += distance * (out[j] ?? 0)
  })
  return Math.log(sum) + precision * weighted
}
