import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Initializer } from '../../src/artefact/models.js'
import type { Distribution } from '../../src/artefact/roles.js'
import { elementCount } from '../../src/graph/types.js'
import { draw, drawKey } from '../../src/runtime/draws.js'
import { initialValues } from '../../src/runtime/initialize.js'
import { Permutations } from '../../src/runtime/order/permutations.js'

interface Fixture {
  readonly draws: readonly {
    readonly distribution: Distribution
    readonly shape: readonly number[]
    readonly seed: number
    readonly stage: string
    readonly path: string
    readonly step: number
    readonly micro: number
    readonly values: readonly number[]
  }[]
  readonly initial: readonly {
    readonly init: Initializer
    readonly shape: readonly number[]
    readonly name: { readonly seed: number; readonly model: string; readonly path: string }
    readonly values: readonly number[]
  }[]
  readonly orders: readonly {
    readonly seed: number
    readonly data: string
    readonly epoch: number
    readonly rows: readonly number[]
  }[]
}

/** Made by test/oracle/draws.py in NumPy. */
const fixture = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/draws.json', import.meta.url), 'utf8'),
) as Fixture

function values(distribution: Distribution, shape: readonly number[], step = 1, micro = 0): number[] {
  const place = { key: drawKey(7, 'align', 'eps'), step, micro }
  const out =
    distribution.kind === 'randint'
      ? new BigInt64Array(elementCount(shape))
      : new Float32Array(elementCount(shape))
  draw(distribution, shape, place, out)
  return Array.from(out as Iterable<number | bigint>, Number)
}

const batch = (order: Permutations, index: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => order.row(index * size + i))

describe('agreement with NumPy, to the bit', () => {
  test.each(fixture.draws)('$distribution.kind $shape at step $step of $path', (known) => {
    const place = { key: drawKey(known.seed, known.stage, known.path), step: known.step, micro: known.micro }
    const Values = known.distribution.kind === 'randint' ? BigInt64Array : Float32Array
    const out = new Values(elementCount(known.shape))
    draw(known.distribution, known.shape, place, out)
    expect(Array.from(out as Iterable<number | bigint>, Number)).toEqual(known.values)
  })

  test.each(fixture.initial)('initial values of $name.model $name.path', ({ init, shape, name, values }) => {
    expect([...initialValues(init, shape, name)]).toEqual(values)
  })

  test.each(fixture.orders)('rows of epoch $epoch', ({ seed, data, epoch, rows }) => {
    const order = new Permutations(seed, data, rows.length)
    expect(batch(order, epoch, rows.length)).toEqual(rows)
  })
})

describe('a draw is a pure function of its place', () => {
  test('the same place gives the same values, another step, micro-batch, path, stage or seed others', () => {
    const at = (key: readonly [number, number], step: number, micro: number): string => {
      const out = new Float32Array(8)
      draw({ kind: 'normal' }, [2, 4], { key, step, micro }, out)
      return out.join()
    }
    const key = drawKey(7, 'align', 'eps')
    expect(at(key, 3, 1)).toBe(at(key, 3, 1))
    const all = [
      at(key, 3, 1),
      at(key, 4, 1),
      at(key, 3, 2),
      at(drawKey(7, 'align', 't'), 3, 1),
      at(drawKey(7, 'enhance', 'eps'), 3, 1),
      at(drawKey(8, 'align', 'eps'), 3, 1),
    ]
    expect(new Set(all).size).toBe(all.length)
  })

  test('a row does not depend on the number of rows', () => {
    const few = values({ kind: 'normal' }, [2, 5])
    const many = values({ kind: 'normal' }, [9, 5])
    expect(many.slice(0, 10)).toEqual(few)
  })

  test('a scalar is the first value of its one row', () => {
    expect(values({ kind: 'normal' }, [])).toEqual(values({ kind: 'normal' }, [1, 1]))
  })
})

describe('distributions', () => {
  const n = 200_000

  /** Kolmogorov-Smirnov: with sqrt(n) D above 1.95 the samples are not of the distribution, at a level of 0.001. */
  function kolmogorov(samples: readonly number[], cdf: (x: number) => number): number {
    const sorted = Float64Array.from(samples).sort()
    let worst = 0
    sorted.forEach((x, i) => {
      const p = cdf(x)
      worst = Math.max(worst, Math.abs(p - i / sorted.length), Math.abs((i + 1) / sorted.length - p))
    })
    return Math.sqrt(sorted.length) * worst
  }
  const mean = (xs: readonly number[]): number => xs.reduce((s, x) => s + x, 0) / xs.length
  const variance = (xs: readonly number[]): number => {
    const m = mean(xs)
    return mean(xs.map((x) => (x - m) ** 2))
  }

  /** Abramowitz and Stegun 7.1.26, good to 1.5e-7. */
  function normalCdf(x: number): number {
    const z = Math.abs(x) / Math.SQRT2
    const t = 1 / (1 + 0.3275911 * z)
    const poly =
      t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    const tail = 0.5 * poly * Math.exp(-z * z)
    return x < 0 ? tail : 1 - tail
  }

  test('normal: mean 0, variance 1, the right shape, no correlation along rows or columns', () => {
    const xs = values({ kind: 'normal' }, [500, n / 500])
    expect(Math.abs(mean(xs))).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(variance(xs) - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
    expect(kolmogorov(xs, normalCdf)).toBeLessThan(1.95)
    for (const lag of [1, 2, n / 500]) {
      const products = xs.slice(lag).map((x, i) => x * (xs[i] ?? 0))
      expect(Math.abs(mean(products))).toBeLessThan(4 / Math.sqrt(n))
    }
  })

  test('uniform: flat between its bounds', () => {
    const xs = values({ kind: 'uniform', low: -2, high: 6 }, [n])
    expect(Math.abs(mean(xs) - 2)).toBeLessThan((4 * 8) / Math.sqrt(12 * n))
    expect(Math.abs(variance(xs) - 64 / 12)).toBeLessThan(0.05)
    expect(kolmogorov(xs, (x) => (x + 2) / 8)).toBeLessThan(1.95)
  })

  test('uniform stays below its upper bound where rounding to f32 would reach it', () => {
    // Near 1000 neighbouring f32 are 6e-5 apart: half of all values would round to the bound.
    const high = 1000
    const low = high - 6e-5
    const xs = values({ kind: 'uniform', low, high }, [1000])
    expect(Math.max(...xs)).toBeLessThan(high)
    expect(Math.max(...values({ kind: 'uniform', low: -1e-46, high: 0 }, [1000]))).toBeLessThan(0)
    expect(Math.max(...values({ kind: 'uniform', low: -1 - 1e-7, high: -1 }, [1000]))).toBeLessThan(-1)
  })

  test('randint: every integer of [low, high) and no other, equally often', () => {
    const xs = values({ kind: 'randint', low: -3, high: 4 }, [n])
    const counts = [-3, -2, -1, 0, 1, 2, 3].map((v) => xs.filter((x) => x === v).length)
    expect(counts.reduce((s, c) => s + c, 0)).toBe(n)
    const chi = counts.reduce((s, c) => s + (c - n / 7) ** 2 / (n / 7), 0)
    // The 99.9 % point of chi-squared with 6 degrees of freedom.
    expect(chi).toBeLessThan(22.46)
  })
})

describe('the order of rows', () => {
  test('every epoch holds each row once, in an order of its own', () => {
    const order = new Permutations(1, 'emoji', 10)
    const epochs = [0, 1, 2].map((epoch) => batch(order, epoch, 10))
    for (const rows of epochs) expect([...rows].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(new Set(epochs.map(String)).size).toBe(3)
  })

  test('batches run on over the end of an epoch', () => {
    const order = new Permutations(1, 'emoji', 10)
    const [first, second] = [batch(order, 0, 10), batch(order, 1, 10)]
    expect(batch(new Permutations(1, 'emoji', 10), 1, 8)).toEqual([...first.slice(8), ...second.slice(0, 6)])
  })

  test('a batch is the same whatever was asked before', () => {
    const forwards = new Permutations(1, 'emoji', 10)
    for (let i = 0; i < 9; i++) batch(forwards, i, 4)
    expect(batch(new Permutations(1, 'emoji', 10), 8, 4)).toEqual(batch(forwards, 8, 4))
    expect(batch(forwards, 0, 4)).toEqual(batch(new Permutations(1, 'emoji', 10), 0, 4))
  })

  test('a batch larger than the data repeats it', () => {
    expect(new Set(batch(new Permutations(1, 'emoji', 3), 0, 9)).size).toBe(3)
  })
})
