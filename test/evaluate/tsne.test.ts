import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { principalPlane } from '../../src/runtime/measures/math/principal.js'
import { seededRandom } from '../../src/runtime/measures/math/random.js'
import { mean } from '../../src/runtime/measures/math/statistics.js'
import { tsne } from '../../src/runtime/measures/math/tsne.js'
import { RowsUnfit } from '../../src/runtime/measures/rows-unfit.js'
import measure from '../../src/runtime/measures/tsne.js'

interface Fixture {
  readonly rows: readonly (readonly number[])[]
  readonly start: readonly (readonly number[])[]
  readonly perplexity: number
  readonly ends: readonly {
    readonly early: number
    readonly iterations: number
    readonly place: readonly number[]
  }[]
  readonly divergence: number
  readonly plane: readonly (readonly number[])[]
}

// By scikit-learn: test/oracle/tsne.py.
const fixture = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/tsne.json', import.meta.url), 'utf8'),
) as Fixture
const rows = Float32Array.from(fixture.rows.flat())
const width = fixture.rows[0]?.length ?? 0

const furthest = (a: ArrayLike<number>, b: readonly number[]): number =>
  Math.max(...b.map((value, k) => Math.abs(value - (a[k] ?? NaN))))

describe('tsne', () => {
  test.each(fixture.ends)(
    'goes the way of scikit-learn for $iterations steps',
    ({ early, iterations, place }) => {
      const found = Float64Array.from(fixture.start.flat())
      tsne(rows, width, found, { perplexity: fixture.perplexity, iterations, early })
      // scikit-learn has distances in float32
      expect(furthest(found, place) / Math.max(...place.map(Math.abs))).toBeLessThan(1e-4)
    },
  )

  test('ends as well as scikit-learn, from many starts', () => {
    const random = seededRandom(1)
    const settings = { perplexity: fixture.perplexity, iterations: 1000, early: 250 }
    const ends = Array.from({ length: 20 }, () => {
      const start = Float64Array.from(fixture.start.flat(), () => 2e-4 * (random() + random() - 1))
      return tsne(rows, width, start, settings)
    })
    // of both the deviation is about 7 % of the mean
    expect(Math.abs(mean(ends) / fixture.divergence - 1)).toBeLessThan(0.1)
  })

  test('begins in the plane of the principal components, up to their signs', () => {
    const plane = principalPlane(rows, width, seededRandom(3))
    for (const axis of [0, 1]) {
      const found = [...plane].filter((_, k) => k % 2 === axis)
      const right = fixture.plane.map((at) => at[axis] ?? NaN)
      const sign = Math.sign((found[0] ?? 0) * (right[0] ?? 0))
      expect(
        furthest(
          found,
          right.map((value) => sign * value),
        ),
      ).toBeLessThan(1e-3)
    }
  })

  const input = (settings: Readonly<Record<string, number>>, features = rows) => ({
    settings,
    seed: 0,
    results: {
      features: { shape: [fixture.rows.length, width], data: features },
      label: {
        shape: [fixture.rows.length],
        data: Float32Array.from(fixture.rows, (_, i) => Math.floor(i / 20)),
      },
    },
  })

  test('places rows of a class beside each other, the same each time', () => {
    const measured = measure.measure(input({ perplexity: 8, iterations: 300 }))
    expect(measure.measure(input({ perplexity: 8, iterations: 300 }))).toEqual(measured)
    const { place, label } = measured as { place: number[]; label: number[] }
    const at = label.map((of, i) => ({ of, x: place[2 * i] ?? NaN, y: place[2 * i + 1] ?? NaN }))
    const nearest = at.map((own) => {
      const others = at.filter((one) => one !== own)
      return others.reduce((a, b) =>
        Math.hypot(b.x - own.x, b.y - own.y) < Math.hypot(a.x - own.x, a.y - own.y) ? b : a,
      )
    })
    expect(nearest.filter(({ of }, i) => of === label[i]).length).toBeGreaterThan(56)
  })

  test('takes rows evenly where there are too many, and no more neighbours than there are', () => {
    const some = measure.measure(input({ perplexity: 2, iterations: 250, most: 12 }))
    expect(some).toMatchObject({ rows: 12, label: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2] })
    expect(() => measure.measure(input({ perplexity: 20 }))).toThrow(RowsUnfit)
    const broken = Float32Array.from(rows)
    broken[7] = NaN
    expect(() => measure.measure(input({ perplexity: 8 }, broken))).toThrow('not finite')
  })
})
