import declared from '../../evaluations/scatter.js'
import { finiteOrNull, result, rowsByLabel, rowsOf } from './results.js'
import type { KindMeasure } from './measure.js'

const scatter: KindMeasure = {
  name: declared.name,
  measure(input) {
    const { count, width, data } = rowsOf(result(input, 'features'))
    const classes = rowsByLabel(count, result(input, 'label'))
    const row = (i: number): Float32Array => data.subarray(i * width, (i + 1) * width)
    const means = classes.map((members) => meanOf(members.map(row), width))

    const inner = average(
      classes.map((members, c) => average(members.map((i) => squaredDistance(row(i), means[c] ?? [])))),
    )
    const inter = average(
      means.flatMap((a, i) => means.flatMap((b, j) => (i === j ? [] : [squaredDistance(a, b)]))),
    )
    return {
      s_inner: finiteOrNull(inner),
      s_inter: finiteOrNull(inter),
      ratio: finiteOrNull(inter / inner),
      classes: classes.length,
    }
  },
}

function meanOf(rows: readonly Float32Array[], width: number): Float64Array {
  const sum = new Float64Array(width)
  for (const row of rows) for (let j = 0; j < width; j++) sum[j] = (sum[j] ?? 0) + (row[j] ?? 0)
  return sum.map((v) => v / rows.length)
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
