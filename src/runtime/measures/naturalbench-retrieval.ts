import declared from '../../evaluations/naturalbench-retrieval.js'
import { estimate } from './estimate.js'
import { bootstrapMean } from './math/bootstrap.js'
import { seededRandom } from './math/random.js'
import { mean } from './math/statistics.js'
import { dot, rowAt, unitRows } from './math/unit-rows.js'
import type { EvaluationInput, KindMeasure } from './measure.js'
import { result, rowsByLabel, rowsOf } from './results.js'
import { RowsUnfit } from './rows-unfit.js'

const naturalbenchRetrieval: KindMeasure = {
  name: declared.name,
  measure(input) {
    const scores = pairScores(input)
    const random = seededRandom(input.seed)
    const over = (name: string, values: readonly boolean[], chance: number) => {
      const each = values.map(Number)
      const spread = bootstrapMean(
        each.map((sum) => ({ sum, count: 1 })),
        random,
      )
      return estimate(name, mean(each), spread, { chance })
    }
    return {
      ...over(
        'text_score',
        scores.map(({ text }) => text),
        1 / 4,
      ),
      ...over(
        'image_score',
        scores.map(({ image }) => image),
        1 / 4,
      ),
      // of the 24 orders of four independent numbers four have both of one pair above both others
      ...over(
        'group_score',
        scores.map(({ text, image }) => text && image),
        1 / 6,
      ),
      right: scores.map(({ text, image }) => Number(text && image)),
      pairs: scores.length,
      protocol: `${scores.length} pairs of two pictures and two captions; every comparison by cosine, equal ones are wrong; interval over pairs`,
    }
  },
}

/** Thrush et al. 2022, section 4: whether all comparisons across captions, and across pictures, are right. */
function pairScores(input: EvaluationInput): readonly { readonly text: boolean; readonly image: boolean }[] {
  const [pictures, captions] = [rowsOf(result(input, 'image')), rowsOf(result(input, 'text'))]
  const [images, texts] = [unitRows(pictures.data, pictures.width), unitRows(captions.data, captions.width)]
  const pair = result(input, 'pair')
  return rowsByLabel(images.count, pair).map((rows) => {
    const [a, b] = rows
    if (a === undefined || b === undefined || rows.length !== 2)
      throw new RowsUnfit(
        `pair ${pair.data[a ?? 0]} has ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`,
        'a pair is two rows with its number, a picture and its caption each',
      )
    const s = (caption: number, image: number): number => dot(rowAt(texts, caption), rowAt(images, image))
    return {
      text: s(a, a) > s(b, a) && s(b, b) > s(a, b),
      image: s(a, a) > s(a, b) && s(b, b) > s(b, a),
    }
  })
}

export default naturalbenchRetrieval
