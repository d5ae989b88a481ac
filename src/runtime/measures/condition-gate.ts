import { readSettings } from '../../settings.js'
import declared from '../../evaluations/condition-gate.js'
import { finiteOrNull, result, rowsOf } from './results.js'
import { mean } from './math/statistics.js'
import type { KindMeasure } from './measure.js'

const conditionGate: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const t = read.numbers('t')
    const { count, width, data } = rowsOf(result(input, 'cosines'))
    const cosine = t.map((_, i) =>
      mean(Array.from({ length: count }, (_, batch) => data[batch * width + i] ?? 0)),
    )
    const overall = mean(cosine)
    const threshold = read.number('threshold')
    return {
      t,
      cosine: cosine.map(finiteOrNull),
      mean: finiteOrNull(overall),
      threshold,
      passed: overall <= threshold,
      verdict: verdict(overall, threshold),
    }
  },
}

function verdict(cosine: number, threshold: number): string {
  const measured = `mean cosine ${cosine.toFixed(3)} of predictions under the right and a wrong condition`
  if (!Number.isFinite(cosine))
    return 'the predictions of the generator are not finite; a comparison means nothing'
  if (cosine <= threshold)
    return `the generator uses its condition: ${measured}, at most ${threshold} is allowed`
  return `the generator ignores its condition; a comparison means nothing: ${measured}, above ${threshold}`
}

export default conditionGate
