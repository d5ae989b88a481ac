import { describe, expect, test } from 'vitest'
import declared from '../../src/evaluations/classification.js'
import classification from '../../src/runtime/measures/classification.js'
import { seededRandom } from '../../src/runtime/measures/math/random.js'

const measure = (logits: readonly (readonly number[])[], label: readonly number[], settings = {}) =>
  classification.measure({
    settings,
    seed: 0,
    results: {
      logits: { shape: [logits.length, logits[0]?.length ?? 0], data: Float32Array.from(logits.flat()) },
      label: { shape: [label.length], data: Float32Array.from(label) },
    },
  })

describe('classification', () => {
  test('gives accuracy, top k and mean cross entropy, each row once, without those that have no class', () => {
    const rows = [
      [2, 1, 0],
      [0, 0, 5],
      [9, 9, 9],
    ]
    const found = measure(rows, [0, 1, -100], { k: 2 })
    // log(e^2 + e + 1) - 2 and log(1 + 1 + e^5)
    const losses = [Math.log(Math.exp(2) + Math.E + 1) - 2, Math.log(2 + Math.exp(5))]
    expect(found).toMatchObject({ accuracy: 0.5, top_k: 0.5, rows: 2, classes: 3, k: 2 })
    expect(found['loss']).toBeCloseTo(((losses[0] ?? NaN) + (losses[1] ?? NaN)) / 2, 12)
    expect(measure(rows, [0, 1, 1], { k: 2 })).toMatchObject({ accuracy: 1 / 3, top_k: 2 / 3, rows: 3 })
  })

  test('counts as a stable sort of the logits does, ties among them', () => {
    const random = seededRandom(4)
    const rows = Array.from({ length: 200 }, () => Array.from({ length: 7 }, () => Math.floor(random() * 5)))
    const labels = rows.map(() => Math.floor(random() * 7))
    for (const k of [1, 3, 6]) {
      const hits = rows.filter((row, r) => {
        const order = row.map((_, c) => c).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b)
        return order.slice(0, k).includes(labels[r] ?? -1)
      })
      expect(measure(rows, labels, { k })['top_k']).toBeCloseTo(hits.length / 200, 12)
    }
  })

  test('stays finite at large logits, and takes none that are not numbers for a hit', () => {
    expect(measure([[1000, 0]], [0])).toMatchObject({ accuracy: 1, loss: 0, top_k: null })
    expect(measure([[NaN, 0]], [0])).toMatchObject({ accuracy: 0, loss: null })
  })

  test('names classes by the one field that names so many', () => {
    const named = (names: readonly (readonly string[])[]) =>
      classification.measure({
        settings: {},
        seed: 0,
        names,
        results: {
          logits: { shape: [4, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 2, 1) },
          label: { shape: [4], data: Float32Array.of(0, 1, 1, -100) },
        },
      })['by_class']
    const classes = ['cat', 'dog', '__proto__']
    expect(named([['x', 'y'], classes])).toEqual(
      Object.assign(Object.create(null), {
        cat: { rows: 1, accuracy: 1 },
        dog: { rows: 2, accuracy: 0.5 },
        ['__proto__']: { rows: 0, accuracy: null },
      }),
    )
    expect(named([['a', 'b', 'c'], classes])).toBeUndefined()
    expect(named([])).toBeUndefined()
  })

  test('measures nothing where a label is no class', () => {
    const wrong = measure(
      [
        [1, 0],
        [0, 1],
      ],
      [0, 2],
      { k: 1 },
    )
    expect(wrong).toMatchObject({ accuracy: null, top_k: null, loss: null })
  })

  test('wants logits of classes and one label', () => {
    const problems = (logits: number[], label: number[]) =>
      declared.problems?.({ settings: {}, shapes: { logits, label } })
    expect(problems([10], [])).toEqual([])
    expect(problems([], [])).toMatchObject([{ parameter: 'logits' }])
    expect(problems([10], [1])).toMatchObject([{ parameter: 'label' }])
  })
})
