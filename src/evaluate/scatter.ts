import { finiteOrNull, result, rowsByLabel, rowsOf, scalarProblem } from './input/results.js'
import type { EvaluationKind } from './kind.js'

/** Scatter of features within and between classes: Eq. 4 and 5 of the DCR paper. */
const scatter: EvaluationKind = {
  name: 'scatter',
  doc: 'Mean squared distance of features to their class mean (Eq. 4) and between class means (Eq. 5).',
  parameters: [
    { name: 'features', kind: 'rows', group: 'rows', doc: 'The vector of a row, taken as it is.' },
    { name: 'label', kind: 'rows', group: 'rows', doc: 'The class of a row.' },
  ],
  metrics: [
    {
      name: 's_inner',
      label: 'S inner',
      better: 'lower',
      doc: 'Eq. 4, mean over classes of the mean over rows.',
    },
    {
      name: 's_inter',
      label: 'S inter',
      better: 'higher',
      doc: 'Eq. 5, mean over ordered pairs of classes.',
    },
    {
      name: 'ratio',
      label: 'S inter / S inner',
      better: 'higher',
      doc: 'Their ratio, which no scale of features changes.',
    },
  ],
  problems: (given) => scalarProblem('label', given),
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
