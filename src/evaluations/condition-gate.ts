import { readSettings } from '../settings.js'
import type { EvaluationKind, EvaluationParameter } from './kind.js'

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
}

export default conditionGate
