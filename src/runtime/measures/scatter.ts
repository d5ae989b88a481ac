import declared from '../../evaluations/scatter.js'
import { estimate } from './estimate.js'
import { bootstrap, unbiased } from './math/bootstrap.js'
import { seededRandom } from './math/random.js'
import { result, rowsByLabel, rowsOf } from './results.js'
import type { KindMeasure } from './measure.js'

/** Eq. 4, Eq. 5, and the second by the first. */
const names = ['s_inner', 's_inter', 'ratio'] as const

/** Resamples: each goes through all features. */
const resamples = 200

const scatter: KindMeasure = {
  name: declared.name,
  measure(input) {
    const { count, width, data } = rowsOf(result(input, 'features'))
    const classes = rowsByLabel(count, result(input, 'label'))
    const groups = rowsByLabel(count, input.results['group'])
    const row = (i: number): Float32Array => data.subarray(i * width, (i + 1) * width)
    const squares = Float64Array.from({ length: count }, (_, i) => squaredDistance(row(i), []))

    /** Of rows that count so many times each; a class of which none is drawn is left out. */
    const scatters = (times: ArrayLike<number>): readonly number[] => {
      const drawn = classes.filter((members) => members.some((i) => (times[i] ?? 0) > 0))
      const means = drawn.map((members) => meanOf(members, times, row, width))
      // the mean squared distance to the mean is the mean square less the square of the mean
      const inner = average(
        drawn.map((members, c) => {
          const of = weighted(members, times, (i) => squares[i] ?? NaN)
          return Math.max(0, of - squaredDistance(means[c] ?? [], []))
        }),
      )
      const inter = average(
        means.flatMap((a, i) => means.flatMap((b, j) => (i === j ? [] : [squaredDistance(a, b)]))),
      )
      return [inner, inter, inter / inner]
    }
    const values = scatters(new Int32Array(count).fill(1))
    const byRow = new Int32Array(count)
    const spreads = bootstrap(
      groups.length,
      seededRandom(input.seed),
      (times) => {
        groups.forEach((rows, g) => rows.forEach((i) => (byRow[i] = times[g] ?? 0)))
        return scatters(byRow)
      },
      resamples,
    )
    const metrics = names.map((name, k) => {
      const [value = NaN, spread] = [values[k], spreads[k]]
      return spread ? estimate(name, value, unbiased(spread, value)) : {}
    })
    return {
      ...(Object.assign({}, ...metrics) as object),
      classes: classes.length,
      rows: count,
      protocol: `Eq. 4 and 5 over ${count} rows of ${classes.length} classes, classes weighing alike, features as they are; interval over ${groups.length} groups of rows, ${resamples} resamples`,
    }
  },
}

/** The mean over rows that count so many times each. */
function weighted(rows: readonly number[], times: ArrayLike<number>, value: (row: number) => number): number {
  let [sum, all] = [0, 0]
  for (const i of rows) {
    const n = times[i] ?? 0
    if (n === 0) continue
    sum += n * value(i)
    all += n
  }
  return sum / all
}

function meanOf(
  rows: readonly number[],
  times: ArrayLike<number>,
  row: (i: number) => Float32Array,
  width: number,
): Float64Array {
  const sum = new Float64Array(width)
  let all = 0
  for (const i of rows) {
    const n = times[i] ?? 0
    if (n === 0) continue
    const values = row(i)
    for (let j = 0; j < width; j++) sum[j] = (sum[j] ?? 0) + n * (values[j] ?? 0)
    all += n
  }
  return sum.map((v) => v / all)
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let j = 0; j < a.length; j++) sum += ((a[j] ?? 0) - (b[j] ?? 0)) ** 2
  return sum
}

/** 0 for none: one class alone has no other to be distant from. */
const average = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length

export default scatter
