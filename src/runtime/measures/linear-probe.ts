import { readSettings } from '../../settings.js'
import declared from '../../evaluations/linear-probe.js'
import { estimate } from './estimate.js'
import { bootstrapMean, sums } from './math/bootstrap.js'
import { type ClassifiedRows, fitLogistic, predictLogistic } from './math/logistic.js'
import { permutation, seededRandom, type Random } from './math/random.js'
import { mean } from './math/statistics.js'
import type { KindMeasure } from './measure.js'
import { trainAndTestOf } from './train-and-test.js'

const linearProbe: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const { train, test, width, classes, groups } = trainAndTestOf(input)
    const standard = read.bool('standardise') ? standardisation(train.data, width) : undefined
    const rowsOf = ({ data, label }: typeof train): ClassifiedRows => ({
      data: standard ? standard(data) : data,
      width,
      label,
    })
    const [known, asked] = [rowsOf(train), rowsOf(test)]
    const random = seededRandom(input.seed)
    const candidates = read.numbers('l2')
    const iterations = read.number('iterations')
    const l2 = bestOf(candidates, known, classes.length, iterations, random)
    const fit = fitLogistic(known, classes.length, l2, iterations)
    const { predicted, loss } = predictLogistic(fit, asked)
    const right = Array.from(test.label, (own, row) => (predicted[row] === own ? 1 : 0))
    const uniform = Math.log(classes.length)
    const chosen =
      candidates.length > 1 ? ` chosen from ${candidates.length} on a fifth of the training rows` : ''
    return {
      ...estimate('accuracy', mean(right), bootstrapMean(sums(groups, right), random), {
        chance: 1 / classes.length,
      }),
      ...estimate('loss', mean(Array.from(loss)), bootstrapMean(sums(groups, loss), random), {
        chance: uniform,
      }),
      rows: test.count,
      train_rows: train.count,
      classes: classes.length,
      l2,
      iterations: fit.iterations,
      protocol: `logistic regression by L-BFGS on ${train.count} rows, features ${standard ? 'standardised' : 'as they are'}, l2 ${l2}${chosen}; ${test.count} test rows of ${classes.length} classes; interval over ${groups.length} groups of test rows`,
    }
  },
}

/** The candidate with the least loss on a fifth of the rows, fitted to the rest; the first of equals. */
function bestOf(
  candidates: readonly number[],
  rows: ClassifiedRows,
  classes: number,
  iterations: number,
  random: Random,
): number {
  const [first = 0] = candidates
  if (candidates.length === 1) return first
  const order = permutation(rows.label.length, random)
  const held = Math.max(1, Math.floor(order.length / 5))
  const [validation, fitted] = [pick(rows, order.subarray(0, held)), pick(rows, order.subarray(held))]
  const losses = candidates.map((l2) =>
    mean(Array.from(predictLogistic(fitLogistic(fitted, classes, l2, iterations), validation).loss)),
  )
  return candidates[losses.indexOf(Math.min(...losses))] ?? first
}

const pick = ({ data, width, label }: ClassifiedRows, rows: Int32Array): ClassifiedRows => ({
  data: Float64Array.from({ length: rows.length * width }, (_, i) => {
    const row = rows[Math.floor(i / width)] ?? 0
    return data[row * width + (i % width)] ?? 0
  }),
  width,
  label: rows.map((row) => label[row] ?? 0),
})

/** Brings each feature to mean 0 and deviation 1 over these rows; one that is constant keeps its scale. */
function standardisation(data: Float32Array, width: number): (rows: Float32Array) => Float64Array {
  const count = data.length / width
  const [centre, square] = [new Float64Array(width), new Float64Array(width)]
  data.forEach((v, i) => (centre[i % width] = (centre[i % width] ?? 0) + v / count))
  data.forEach(
    (v, i) => (square[i % width] = (square[i % width] ?? 0) + (v - (centre[i % width] ?? 0)) ** 2 / count),
  )
  const scale = square.map((v) => (v > 0 ? Math.sqrt(v) : 1))
  return (rows) => Float64Array.from(rows, (v, i) => (v - (centre[i % width] ?? 0)) / (scale[i % width] ?? 1))
}

export default linearProbe
