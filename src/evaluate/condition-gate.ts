import { readSettings } from '../settings.js'
import { finiteOrNull, result, rowsOf } from './input/results.js'
import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { mean } from './math/statistics.js'

const parameters: readonly EvaluationParameter[] = [
  {
    name: 'cosines',
    kind: 'batch',
    doc: 'Per step t the mean cosine between predictions under the right and a wrong condition, for one batch.',
  },
  { name: 't', kind: 'ints', doc: 'The diffusion steps, in the order of the cosines.' },
  { name: 'batches', kind: 'int', default: 4, min: 1, doc: 'Number of random batches to average over.' },
  {
    name: 'threshold',
    kind: 'float',
    default: 0.98,
    doc: 'A mean above it means that the condition is ignored.',
  },
]

/**
 * Whether a generator uses its condition. Where the right and a wrong condition give nearly the same prediction, no
 * gradient through the condition says anything, and methods that train through it cannot be told apart.
 */
const conditionGate: EvaluationKind = {
  name: 'condition_gate',
  doc: 'Compares the predictions of a generator under the right and a wrong condition.',
  parameters,
  gate: true,
  metrics: [
    {
      name: 'mean',
      label: 'cosine, right and wrong condition',
      better: 'lower',
      doc: 'Mean over t and batches.',
    },
  ],
  problems({ settings, shapes }) {
    const t = readSettings(settings, parameters).numbers('t')
    const cosines = shapes['cosines'] ?? []
    if (cosines.length === 1 && cosines[0] === t.length) return []
    return [
      { parameter: 'cosines', message: `it must be a vector of ${t.length} cosines, one per value of \`t\`` },
    ]
  },
  measure(input) {
    const read = readSettings(input.settings, parameters)
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
