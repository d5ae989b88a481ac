import type { Json } from '../../artefact/json.js'
import declared, { patterns } from '../../evaluations/mmvp-vlm.js'
import { estimate } from './estimate.js'
import { bootstrapMean, sums } from './math/bootstrap.js'
import { informative } from './math/means.js'
import { seededRandom } from './math/random.js'
import { mean } from './math/statistics.js'
import { dot, rowAt, unitRows } from './math/unit-rows.js'
import type { EvaluationInput, KindMeasure } from './measure.js'
import { finiteOrNull, result, rowsOf } from './results.js'
import { RowsUnfit } from './rows-unfit.js'

/** Of a pattern, by its place in the file: the type column of the file does not decide. */
const pairsOfPattern = 15

/** Each of two statements goes to the right one of two pictures by chance once in two times. */
const chance = 0.25

const mmvpVlm: KindMeasure = {
  name: declared.name,
  measure(input) {
    const right = rightPairs(input)
    const random = seededRandom(input.seed)
    const over = (name: string, values: readonly number[]): Readonly<Record<string, Json>> => {
      const alone = sums(
        values.map((_, pair) => [pair]),
        values,
      )
      return estimate(name, mean(values), bootstrapMean(alone, random), { chance })
    }
    const all = over('accuracy', right)
    const found = patterns.flatMap(([name], k) => {
      const own = right.slice(k * pairsOfPattern, (k + 1) * pairsOfPattern)
      return own.length === 0 ? [] : [{ name, measured: over(name, own) }]
    })
    const measured: Readonly<Record<string, Json>> = Object.assign({}, ...found.map((one) => one.measured))
    const names = found.map(({ name }) => name)
    const between = informative(declared.metrics, names, measured, input.start)
    return {
      ...all,
      informative: finiteOrNull(mean(between.map((name) => Number(measured[name])))),
      ...measured,
      right,
      pairs: right.length,
      right_pairs: right.reduce((sum, one) => sum + one, 0),
      protocol: `${right.length} pairs of two pictures and two statements; right if the softmax of each statement over both pictures is above one half for its own; patterns of ${pairsOfPattern} pairs by the order of the file; f32; interval over pairs`,
    }
  },
}

/** 1 for each right pair, in the order of the rows. */
function rightPairs(input: EvaluationInput): readonly number[] {
  const [pictures, statements] = [rowsOf(result(input, 'image')), rowsOf(result(input, 'text'))]
  const [images, texts] = [
    unitRows(pictures.data, pictures.width),
    unitRows(statements.data, statements.width),
  ]
  const numbers = result(input, 'number').data
  if (numbers.length % 2 === 1) throw new RowsUnfit(`${numbers.length} rows are no pairs`, help)
  return Array.from({ length: numbers.length / 2 }, (_, pair) => {
    const [first, second] = [2 * pair, 2 * pair + 1]
    const [a, b] = [numbers[first] ?? 0, numbers[second] ?? 0]
    if (a % 2 !== 1 || b !== a + 1)
      throw new RowsUnfit(
        `rows ${first + 1} and ${second + 1} have the numbers ${a} and ${b}, which are no pair`,
        help,
      )
    // As published: above one half is the first picture, all else the second.
    const saysFirst = (text: number): boolean =>
      dot(rowAt(texts, text), rowAt(images, first)) > dot(rowAt(texts, text), rowAt(images, second))
    return saysFirst(first) && !saysFirst(second) ? 1 : 0
  })
}

const help =
  'an odd number and the next one stand one after the other, as in Questions.csv: take all rows, in their order'

export default mmvpVlm
