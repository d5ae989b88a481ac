import { readSettings } from '../../settings.js'
import declared from '../../evaluations/retrieval.js'
import { estimate } from './estimate.js'
import { bootstrapMean, sums } from './math/bootstrap.js'
import { dotAt, type Rows, unitRows } from './math/unit-rows.js'
import { seededRandom } from './math/random.js'
import { mean } from './math/statistics.js'
import type { EvaluationInput, KindMeasure } from './measure.js'
import { result, rowsByLabel, rowsOf } from './results.js'
import { RowsUnfit } from './rows-unfit.js'

const retrieval: KindMeasure = {
  name: declared.name,
  measure(input) {
    const k = readSettings(input.settings, declared.parameters).number('k')
    const { images, texts, owner } = matched(input)
    if (k > images.count)
      throw new RowsUnfit(`recall at ${k} of ${images.count} pictures`, 'ask for a smaller `k`')
    const ranks = ranked(images, texts, owner)
    const hits = (list: Int32Array): readonly number[] => [...list].map((rank) => (rank < k ? 1 : 0))
    const [imageHits, textHits] = [hits(ranks.ofImages), hits(ranks.ofTexts)]
    const captions = rowsByLabel(texts.count, { shape: [texts.count], data: Float32Array.from(owner) })
    const random = seededRandom(input.seed)
    const alone = Array.from({ length: images.count }, (_, i) => [i])
    return {
      ...estimate('image_recall', mean(imageHits), bootstrapMean(sums(captions, imageHits), random), {
        chance: k / images.count,
      }),
      ...estimate('text_recall', mean(textHits), bootstrapMean(sums(alone, textHits), random), {
        chance: mean(captions.map(({ length }) => anyOf(length, texts.count, k))),
      }),
      k,
      pictures: images.count,
      captions: texts.count,
      protocol: `recall at ${k} by cosine among all ${images.count} pictures and ${texts.count} captions; a picture counts once, by its best caption; interval over pictures with their captions`,
    }
  },
}

interface Matched {
  readonly images: Rows
  readonly texts: Rows
  /** The picture of each caption. */
  readonly owner: Int32Array
}

function matched(input: EvaluationInput): Matched {
  const given = rowsOf(result(input, 'image'))
  const ids = result(input, 'image_id').data
  const place = new Map<number, number>()
  const first: number[] = []
  ids.forEach((id, row) => {
    if (place.has(id)) return
    place.set(id, first.length)
    first.push(row)
  })
  const texts = rowsOf(result(input, 'text'))
  const owner = Int32Array.from(result(input, 'text_id').data, (id) => {
    const image = place.get(id)
    if (image === undefined)
      throw new RowsUnfit(
        `a caption is of picture ${id}, which is not there`,
        'take `image_id` and `text_id` from the same files',
      )
    return image
  })
  const captioned = new Set(owner)
  const bare = first.find((_, image) => !captioned.has(image))
  if (bare !== undefined)
    throw new RowsUnfit(
      `picture ${ids[bare]} has no caption`,
      'take `image_id` and `text_id` from the same files',
    )
  const { width } = given
  const pictures = new Float32Array(first.length * width)
  first.forEach((row, i) => pictures.set(given.data.subarray(row * width, (row + 1) * width), i * width))
  return { images: unitRows(pictures, width), texts: unitRows(texts.data, texts.width), owner }
}

/**
 * How many pictures lie nearer to each caption than its own, and how many captions nearer to each picture than its best
 * own one. A number that is not finite is nearest to nothing.
 */
function ranked(images: Rows, texts: Rows, owner: Int32Array) {
  const ofImages = new Int32Array(texts.count)
  const ofTexts = new Int32Array(images.count)
  const { width } = images
  const between = (t: number, i: number): number =>
    dotAt(texts.data, t * width, images.data, i * width, width)
  const own = Float64Array.from(owner, (image, t) => between(t, image))
  const best = new Float64Array(images.count).fill(-Infinity)
  own.forEach((cosine, t) => (best[owner[t] ?? 0] = Math.max(best[owner[t] ?? 0] ?? 0, cosine)))
  for (let t = 0; t < texts.count; t++) {
    for (let i = 0; i < images.count; i++) {
      if (owner[t] === i) continue
      const cosine = between(t, i)
      if (!(cosine <= (own[t] ?? NaN))) ofImages[t] = (ofImages[t] ?? 0) + 1
      if (!(cosine <= (best[i] ?? NaN))) ofTexts[i] = (ofTexts[i] ?? 0) + 1
    }
  }
  return { ofImages, ofTexts }
}

/** The chance that k of n drawn at random hold one of `own`. */
function anyOf(own: number, n: number, k: number): number {
  let none = 1
  for (let i = 0; i < k; i++) none *= Math.max(0, n - own - i) / (n - i)
  return 1 - none
}

export default retrieval
