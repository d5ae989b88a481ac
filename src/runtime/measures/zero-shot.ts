import { readSettings } from '../../settings.js'
import declared from '../../evaluations/zero-shot.js'
import { estimate } from './estimate.js'
import { bootstrap, bootstrapMean } from './math/bootstrap.js'
import { seededRandom } from './math/random.js'
import { mean } from './math/statistics.js'
import { dotAt, normalise, type Rows, unitRows } from './math/unit-rows.js'
import type { KindMeasure } from './measure.js'
import { result, rowsByLabel, rowsOf } from './results.js'
import { RowsUnfit } from './rows-unfit.js'

const zeroShot: KindMeasure = {
  name: declared.name,
  measure(input) {
    const partial = readSettings(input.settings, declared.parameters).bool('partial')
    const given = rowsOf(result(input, 'image'))
    const images = unitRows(given.data, given.width)
    const label = result(input, 'label')
    const texts = rowsOf(result(input, 'text'))
    const textLabel = result(input, 'text_label')

    const prompted = rowsByLabel(texts.count, textLabel)
    const classOf = new Map(prompted.map(([first = 0], k) => [textLabel.data[first] ?? 0, k]))
    const truth = Int32Array.from(label.data, (of) => {
      const found = classOf.get(of)
      if (found === undefined)
        throw new RowsUnfit(
          `class ${of} of a picture has no prompt`,
          `the labels of pictures and of prompts must mean the same; there are prompts of ${prompted.length} classes`,
        )
      return found
    })
    const seen = rowsByLabel(truth.length, { shape: [truth.length], data: Float32Array.from(truth) })
    if (!partial && seen.length < prompted.length) {
      const empty = [...classOf].find(([, k]) => !truth.includes(k))?.[0]
      throw new RowsUnfit(
        `${prompted.length - seen.length} of ${prompted.length} classes have no picture, the first of them class ${empty}`,
        'with `partial = true` it is measured on those that have some',
      )
    }

    const nearest = nearestClass(images, classVectors(unitRows(texts.data, texts.width), prompted))
    const right = Array.from(truth, (of, row) => (nearest[row] === of ? 1 : 0))
    const share = (rows: readonly number[]): number => mean(rows.map((row) => right[row] ?? NaN))
    const random = seededRandom(input.seed)
    const [byClass] = bootstrap(truth.length, random, (times) => [
      mean(
        seen.flatMap((rows) => {
          const drawn = rows.reduce((sum, row) => sum + (times[row] ?? 0), 0)
          const hits = rows.reduce((sum, row) => sum + (times[row] ?? 0) * (right[row] ?? NaN), 0)
          return drawn === 0 ? [] : [hits / drawn]
        }),
      ),
    ])
    const chance = 1 / prompted.length
    const all = right.map((sum) => ({ sum, count: 1 }))
    return {
      ...estimate('accuracy', mean(right), bootstrapMean(all, random), { chance }),
      ...(byClass && estimate('class_accuracy', mean(seen.map(share)), byClass, { chance })),
      rows: truth.length,
      classes: prompted.length,
      prompts: texts.count,
      protocol: `nearest class by cosine; a class is the mean of its prompts of length 1, ${texts.count} prompts of ${prompted.length} classes, ${truth.length} pictures; interval over pictures`,
    }
  },
}

/** The mean of the unit vectors of each class, of length 1 again. */
function classVectors({ data, width }: Rows, classes: readonly (readonly number[])[]): Rows {
  const out = new Float32Array(classes.length * width)
  classes.forEach((rows, k) => {
    const vector = out.subarray(k * width, (k + 1) * width)
    for (const row of rows)
      for (let j = 0; j < width; j++)
        vector[j] = (vector[j] ?? 0) + (data[row * width + j] ?? 0) / rows.length
    normalise(vector)
  })
  return { data: out, count: classes.length, width }
}

/** Of each row the nearest of some vectors, the first of equals; -1 where nothing is comparable. */
function nearestClass({ data, count, width }: Rows, classes: Rows): Int32Array {
  return Int32Array.from({ length: count }, (_, row) => {
    let best = -1
    let most = -Infinity
    for (let k = 0; k < classes.count; k++) {
      const cosine = dotAt(data, row * width, classes.data, k * width, width)
      if (cosine > most) [most, best] = [cosine, k]
    }
    return best
  })
}

export default zeroShot
