import { describe, expect, it } from 'vitest'
import { evaluated, from, golden, keptError, tensor } from './expressions.js'

/*
 * Aim: the scatters of a batch are those of Eq. 4 and 5, as another implementation has them; stretches, bounds and the
 * share of negatives of one class are those of cases small enough to do by hand.
 */

interface Scatter {
  readonly features: number[][]
  readonly labels: number[]
  readonly inner: number
  readonly inter: number
}

/** The numbers that a list of expressions over x, y and label comes to. */
async function numbers(
  expressions: readonly string[],
  x: number[][],
  y: number[][],
  label: number[],
): Promise<Float32Array | undefined> {
  const shape = (rows: number[][]): string => `[${rows.length}, ${rows[0]?.length ?? 0}]`
  const text = `
use std.scatter { between_bound, least_stretch, most_stretch, same_class_negatives, scatter_between, scatter_within, within_bound }
pipeline batch {
  let x = draw normal of ${shape(x)}
  let y = draw normal of ${shape(y)}
  let label = draw randint(0, 9) of [${label.length}]
  let all = stack([${expressions.join(', ')}], axis = 0)
  evaluate found = pictures(original = kept(all + 0.0 * (mean(x) + mean(y) + cast(max(label), f32))))
}`
  const inputs = from({ x: tensor(x), y: tensor(y), label: tensor(label, 'i64') })
  return (await evaluated(text, 'found', inputs))['original']
}

describe('std.scatter', () => {
  it('has the scatters of Eq. 4 and 5: golden values', async () => {
    const g = golden<Scatter>('scatter')
    const found = await numbers(
      ['scatter_within(x, label)', 'scatter_between(x, label)'],
      g.features,
      [[0]],
      g.labels,
    )
    expect(keptError(found, [g.inner, g.inter])).toBeLessThan(1e-5)
  })

  it('one class is not apart from another', async () => {
    const found = await numbers(
      ['scatter_within(x, label)', 'scatter_between(x, label)'],
      [[0], [2]],
      [[0]],
      [3, 3],
    )
    expect(keptError(found, [1, 0])).toBe(0)
  })

  it('stretches are those of the pairs whose x differ', async () => {
    // |y| / |x| of the pairs: 3 / 1, 4 / 2, 1 / sqrt 5; the last row repeats the first
    const found = await numbers(
      ['least_stretch(x, y)', 'most_stretch(x, y)'],
      [
        [0, 0],
        [1, 0],
        [0, 2],
        [0, 0],
      ],
      [[0], [3], [4], [0]],
      [0, 0, 0, 0],
    )
    expect(keptError(found, [1 / Math.sqrt(5), 3])).toBeLessThan(1e-6)
  })

  it('bounds are reached, within by a turned and stretched picture of x, and never crossed', async () => {
    // y = 2 x turned by a right angle; class means (1, 0) and (0, 4), each row 1 from its own
    const x = [
      [0, 0],
      [2, 0],
      [0, 3],
      [0, 5],
    ]
    const y = x.map(([a = 0, b = 0]) => [-2 * b, 2 * a])
    const bounds = [
      'within_bound(scatter_within(y, label), least_stretch(x, y))',
      'between_bound(scatter_within(y, label), scatter_between(y, label), least_stretch(x, y), most_stretch(x, y))',
      'scatter_within(x, label)',
      'scatter_between(x, label)',
    ]
    const found = await numbers(bounds, x, y, [0, 0, 1, 1])
    // 68 / (3 * 4) - 2 * 4 / 4, below the 17 that are there
    expect(keptError(found, [1, 68 / 12 - 2, 1, 17])).toBeLessThan(1e-5)
  })

  it('counts ordered pairs of negatives of one class', async () => {
    const found = await numbers(['same_class_negatives(label)'], [[0]], [[0]], [0, 1, 0, 0])
    expect(keptError(found, [6 / 12])).toBe(0)
  })
})
