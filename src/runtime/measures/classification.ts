import type { Json } from '../../artefact/json.js'
import { emptyTable } from '../../json/table.js'
import { readSettings } from '../../settings.js'
import declared from '../../evaluations/classification.js'
import type { EvaluationInput, KindMeasure } from './measure.js'
import { deviation, mean } from './math/statistics.js'
import { finiteOrNull, result, rowsOf } from './results.js'

const classification: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const { width: classes, data } = rowsOf(result(input, 'logits'))
    const rows = [...result(input, 'label').data].flatMap((label, row) =>
      label === read.number('ignore_index')
        ? []
        : [judge(data.subarray(row * classes, (row + 1) * classes), label)],
    )
    const k = read.number('k')
    const over = (name: string, values: readonly number[]) => ({
      [name]: finiteOrNull(mean(values)),
      // of the mean over rows that might have been drawn
      [`${name}_std`]: finiteOrNull(deviation(values) / Math.sqrt(values.length)),
    })
    const within = (most: number): readonly number[] =>
      rows.map(({ rank }) => (Number.isNaN(rank) ? NaN : rank < most ? 1 : 0))
    return {
      ...over('accuracy', within(1)),
      ...(k < classes ? over('top_k', within(k)) : { top_k: null, top_k_std: null }),
      ...over(
        'loss',
        rows.map(({ loss }) => loss),
      ),
      rows: rows.length,
      classes,
      k,
      ...byClass(rows, namesFor(classes, input.names)),
    }
  },
}

/** Names of so many classes, where only one field has such. */
function namesFor(classes: number, all: EvaluationInput['names'] = []): readonly string[] {
  const [names, ...others] = all.filter(({ length }) => length === classes)
  return names && others.length === 0 ? names : []
}

/** Of each class how many rows it has, and the share of them whose class comes first. */
function byClass(rows: readonly Judged[], names: readonly string[]): Readonly<Record<string, Json>> {
  if (names.length === 0) return {}
  const table = emptyTable<Json>()
  for (const [label, name] of names.entries()) {
    const own = rows.filter((row) => row.label === label)
    table[name] = {
      rows: own.length,
      accuracy: finiteOrNull(mean(own.map(({ rank }) => (rank < 1 ? 1 : 0)))),
    }
  }
  return { by_class: table }
}

interface Judged {
  readonly label: number
  readonly rank: number
  readonly loss: number
}

/** How many classes come before that of a row, and its cross entropy; NaN where the label is no class. */
function judge(logits: Float32Array, label: number): Judged {
  const own = logits[label]
  if (own === undefined) return { label, rank: NaN, loss: NaN }
  // A row that is not finite names no class.
  if (!logits.every((v) => !Number.isNaN(v))) return { label, rank: logits.length, loss: NaN }
  const largest = logits.reduce((a, b) => Math.max(a, b))
  const sum = logits.reduce((total, v) => total + Math.exp(v - largest), 0)
  const before = logits.reduce((n, v, c) => n + (v > own || (v === own && c < label) ? 1 : 0), 0)
  return { label, rank: before, loss: largest + Math.log(sum) - own }
}

export default classification
