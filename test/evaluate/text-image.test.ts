import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import mmvpVlm from '../../src/runtime/measures/mmvp-vlm.js'
import naturalbenchRetrieval from '../../src/runtime/measures/naturalbench-retrieval.js'
import retrieval from '../../src/runtime/measures/retrieval.js'
import { RowsUnfit } from '../../src/runtime/measures/rows-unfit.js'
import zeroShot from '../../src/runtime/measures/zero-shot.js'
import type { KindMeasure, Results } from '../../src/runtime/measures/measure.js'

/*
 * Aim: pictures and texts are compared as CLIP_benchmark, MMVP's script and Winoground compare them, on vectors whose
 * scores are by these; rows that belong to nothing are refused.
 */
interface Oracle {
  readonly retrieval: {
    readonly images: number[][]
    readonly texts: number[][]
    readonly owners: number[]
    readonly recall: Readonly<Record<string, Readonly<Record<string, number>>>>
  }
  readonly zero_shot: {
    readonly prompts: number[][]
    readonly pictures: number[][]
    readonly labels: number[]
    readonly templates: number
    readonly accuracy: number
    readonly class_accuracy: number
  }
  readonly pairs: {
    readonly images: number[][]
    readonly texts: number[][]
    readonly mmvp: Readonly<Record<string, number>>
    readonly winoground: Readonly<Record<string, number>>
  }
}

const oracle = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/text_image.json', import.meta.url), 'utf8'),
) as Oracle

const vectors = (rows: readonly (readonly number[])[]): Results => ({
  shape: [rows.length, rows[0]?.length ?? 0],
  data: Float32Array.from(rows.flat()),
})
const numbers = (values: readonly number[]): Results => ({
  shape: [values.length],
  data: Float32Array.from(values),
})
const measure = (
  kind: KindMeasure,
  results: Readonly<Record<string, Results>>,
  settings: Readonly<Record<string, number | boolean>> = {},
) => kind.measure({ settings, seed: 4, results })

/** Of a number with its interval and what it is by chance. */
const between = (metrics: ReturnType<typeof measure>, name: string): void => {
  const [low = NaN, high = NaN] = metrics[`${name}_interval`] as number[]
  expect(low).toBeLessThanOrEqual(Number(metrics[name]))
  expect(high).toBeGreaterThanOrEqual(Number(metrics[name]))
}

describe('retrieval', () => {
  const { images, texts, owners, recall } = oracle.retrieval
  const given = {
    image: vectors(images),
    image_id: numbers(images.map((_, i) => 100 + i)),
    text: vectors(texts),
    text_id: numbers(owners.map((i) => 100 + i)),
  }

  test.each(Object.entries(recall))('at %s is as CLIP_benchmark has it, both ways', (k, wanted) => {
    const metrics = measure(retrieval, given, { k: Number(k) })
    expect(metrics['image_recall']).toBeCloseTo(wanted[`image_retrieval_recall@${k}`] ?? NaN, 6)
    expect(metrics['text_recall']).toBeCloseTo(wanted[`text_retrieval_recall@${k}`] ?? NaN, 6)
    between(metrics, 'image_recall')
    between(metrics, 'text_recall')
  })

  test('by chance is the share of draws that hold a caption of the picture', () => {
    const metrics = measure(retrieval, given, { k: 1 })
    expect(metrics['image_recall_chance']).toBeCloseTo(1 / 12, 12)
    // Pictures have 2.5 of 30 captions in the mean.
    expect(metrics['text_recall_chance']).toBeCloseTo(2.5 / 30, 12)
  })

  test('counts a picture that several rows bring once', () => {
    const twice = {
      ...given,
      image: vectors(images.flatMap((row) => [row, row])),
      image_id: numbers(images.flatMap((_, i) => [100 + i, 100 + i])),
    }
    expect(measure(retrieval, twice)).toEqual(measure(retrieval, given))
  })

  test('refuses captions of no picture, pictures without captions, and more neighbours than pictures', () => {
    const ids = owners.map((i) => 100 + i)
    expect(() => measure(retrieval, { ...given, text_id: numbers(ids.with(0, 7)) })).toThrow(
      'a caption is of picture 7, which is not there',
    )
    expect(() => measure(retrieval, { ...given, text_id: numbers(ids.with(0, 101)) })).toThrow(
      'picture 100 has no caption',
    )
    expect(() => measure(retrieval, given, { k: 13 })).toThrow(RowsUnfit)
  })
})

describe('zero_shot', () => {
  const { prompts, pictures, labels, templates, ...wanted } = oracle.zero_shot
  const given = {
    image: vectors(pictures),
    label: numbers(labels),
    text: vectors(prompts),
    text_label: numbers(prompts.map((_, p) => Math.floor(p / templates))),
  }

  test('averages unit prompts, and classifies as CLIP_benchmark does', () => {
    const metrics = measure(zeroShot, given)
    expect(metrics['accuracy']).toBeCloseTo(wanted.accuracy, 6)
    expect(metrics['class_accuracy']).toBeCloseTo(wanted.class_accuracy, 6)
    expect(metrics).toMatchObject({ rows: 30, classes: 4, prompts: 12, accuracy_chance: 0.25 })
    between(metrics, 'accuracy')
    between(metrics, 'class_accuracy')
  })

  test('refuses pictures of classes without prompts; classes without pictures only where that is meant', () => {
    expect(() => measure(zeroShot, { ...given, label: numbers(labels.with(3, 9)) })).toThrow(
      'class 9 of a picture has no prompt',
    )
    const few = {
      ...given,
      image: vectors(pictures.slice(0, 15)),
      label: numbers(labels.slice(0, 15)),
    }
    expect(() => measure(zeroShot, few)).toThrow('2 of 4 classes have no picture, the first of them class 2')
    expect(measure(zeroShot, few, { partial: true })).toMatchObject({ rows: 15, classes: 4 })
  })
})

describe('pairs', () => {
  const { images, texts, mmvp, winoground } = oracle.pairs
  const rows = { image: vectors(images), text: vectors(texts) }
  const number = numbers(images.map((_, i) => i + 1))

  test('mmvp_vlm scores pairs and patterns as its script, patterns by their place in the file', () => {
    const metrics = measure(mmvpVlm, { ...rows, number })
    for (const [name, value] of Object.entries(mmvp)) expect(metrics[name], name).toBeCloseTo(value, 12)
    expect(metrics).toMatchObject({ pairs: 40, accuracy_chance: 0.25 })
    expect(metrics['quantity']).toBeUndefined()
    between(metrics, 'accuracy')
  })

  test('mmvp_vlm leaves patterns out of their mean that cannot be told from chance or from perfection', () => {
    // 15 right pairs, 15 wrong ones, and 11 right of 15.
    const right = [...Array.from({ length: 15 }, () => 1), ...Array.from({ length: 15 }, () => 0)]
    right.push(...Array.from({ length: 15 }, (_, i) => (i < 11 ? 1 : 0)))
    const image = right.flatMap(() => [
      [1, 0],
      [0, 1],
    ])
    const text = right.flatMap((one) => [
      [1, 0],
      [1 - one, one],
    ])
    const metrics = measure(mmvpVlm, {
      image: vectors(image),
      text: vectors(text),
      number: numbers(image.map((_, i) => i + 1)),
    })
    expect(metrics).toMatchObject({ orientation: 1, presence: 0, right_pairs: 26 })
    expect(metrics['state']).toBeCloseTo(11 / 15, 12)
    expect(metrics['informative']).toBeCloseTo(11 / 15, 12)
  })

  test('mmvp_vlm refuses halves of pairs and rows out of order', () => {
    const wrong = (list: readonly number[]) => () => measure(mmvpVlm, { ...rows, number: numbers(list) })
    const list = images.map((_, i) => i + 1)
    expect(wrong(list.with(1, 5))).toThrow('rows 1 and 2 have the numbers 1 and 5, which are no pair')
    expect(wrong(list.map((n) => n + 1))).toThrow(RowsUnfit)
    expect(wrong(list.slice(1))).toThrow('79 rows are no pairs')
  })

  test('naturalbench_retrieval scores texts, pictures and both as Winoground', () => {
    const pair = numbers(images.map((_, i) => 7 + Math.floor(i / 2)))
    const metrics = measure(naturalbenchRetrieval, { ...rows, pair })
    for (const [name, value] of Object.entries(winoground)) expect(metrics[name], name).toBeCloseTo(value, 12)
    expect(metrics['group_score_chance']).toBeCloseTo(1 / 6, 12)
    between(metrics, 'group_score')
    const alone = numbers([...pair.data].with(0, 99))
    expect(() => measure(naturalbenchRetrieval, { ...rows, pair: alone })).toThrow('pair 99 has 1 row')
  })
})
