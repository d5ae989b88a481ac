import type { EvaluationInput } from './measure.js'
import { result, rowsByLabel, rowsOf } from './results.js'
import { RowsUnfit } from './rows-unfit.js'

interface Labelled {
  readonly data: Float32Array
  readonly count: number
  /** The place of each row's class among the classes. */
  readonly label: Int32Array
}

/** The rows to learn from and to measure, with classes numbered in the order of their labels. */
export function trainAndTestOf(input: EvaluationInput): {
  readonly train: Labelled
  readonly test: Labelled
  readonly width: number
  readonly classes: readonly number[]
  /** The test rows that belong together. */
  readonly groups: readonly (readonly number[])[]
} {
  const train = rowsOf(result(input, 'train'))
  const test = rowsOf(result(input, 'test'))
  const labels = result(input, 'train_label').data
  const classes = [...new Set(labels)].sort((a, b) => a - b)
  if (classes.length < 2)
    throw new RowsUnfit('all training rows have the same label', 'learn from rows of at least 2 classes')
  const place = new Map(classes.map((label, k) => [label, k]))
  const placeOf = (label: number): number => {
    const found = place.get(label)
    if (found === undefined)
      throw new RowsUnfit(
        `class ${label} of a test row has no training row`,
        'the labels of both data sets must mean the same',
      )
    return found
  }
  return {
    train: { ...train, label: Int32Array.from(labels, placeOf) },
    test: { ...test, label: Int32Array.from(result(input, 'test_label').data, placeOf) },
    width: train.width,
    classes,
    groups: rowsByLabel(test.count, input.results['test_group']),
  }
}
