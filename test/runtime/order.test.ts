import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawKey } from '../../src/runtime/draws.js'
import { Batches } from '../../src/runtime/order/batches.js'
import { type Cursor, cursorSchema } from '../../src/runtime/order/cursor.js'
import { type Rank, type Sample, alone } from '../../src/runtime/order/order.js'
import { Words } from '../../src/runtime/order/words.js'
import { Philox } from '../../src/runtime/philox.js'
import { allRows } from '../../src/runtime/rows/all-rows.js'
import { firstRows } from '../../src/runtime/rows/first-rows.js'
import { type Rows, onePart } from '../../src/runtime/rows/rows.js'
import { DataInvalid, type Dataset, type RowStream } from '../../src/runtime/sources/dataset.js'
import { Numbers } from './streams.js'

const numbered = (length: number, start = 0): Dataset => ({
  length,
  fingerprint: `${length}`,
  row: (index) => ({ x: Float32Array.of(start + index) }),
})
const rowsOf = (of: Rows | Dataset | RowStream): Rows => ('groups' in of ? of : onePart(of))
/** Each by weight. */
const mixOf = (...parts: readonly (readonly [Dataset | RowStream, number])[]): Rows => ({
  fingerprint: 'mix',
  groups: parts.map(([rows, weight], index) => ({ weight, parts: [{ index, rows }] })),
})
const values = (samples: readonly Sample[]): number[] =>
  samples.map(({ row }) => (row['x'] instanceof Float32Array ? (row['x'][0] ?? NaN) : NaN))
const batches = (of: Rows | Dataset | RowStream, seed = 7, rank: Rank = alone, cursor?: Cursor): Batches =>
  new Batches(rowsOf(of), { seed, data: 'train', ...rank }, cursor)

async function take(order: Batches, from: number, count: number, size: number): Promise<number[][]> {
  const taken: number[][] = []
  for (let index = from; index < from + count; index++) taken.push(values(await order.batch(index, size)))
  return taken
}
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const sizes = fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }).filter((of) => of.some((n) => n > 0))
const anyStream = fc.record({ sizes, shuffle: fc.nat(12) })
const anyRows = fc.oneof(
  fc.integer({ min: 1, max: 30 }).map((n) => () => numbered(n)),
  anyStream.map((s) => () => new Numbers(s.sizes, s.shuffle)),
  fc.tuple(fc.integer({ min: 1, max: 20 }), anyStream, fc.integer({ min: 1, max: 5 })).map(
    ([n, s, weight]) =>
      () =>
        mixOf([numbered(n, 1000), weight], [new Numbers(s.sizes, s.shuffle), 2]),
  ),
)

const anyRank = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.nat(3))
  .map(([world, rank]) => ({ world, rank: rank % world }))

describe('every epoch of a stream', () => {
  test('has every row once, whatever the shards and the buffer', async () => {
    await fc.assert(
      fc.asyncProperty(anyStream, fc.nat(), async ({ sizes, shuffle }, seed) => {
        const stream = new Numbers(sizes, shuffle)
        const epochs = await take(batches(stream, seed), 0, 3, stream.length)
        for (const epoch of epochs) expect(sorted(epoch)).toEqual(upTo(stream.length))
      }),
    )
  })

  test('has an order of its own, of shards and of rows', async () => {
    const stream = new Numbers([30, 30, 30, 30], 20)
    const epochs = await take(batches(stream), 0, 6, 120)
    expect(new Set(epochs.map(String)).size).toBe(6)
    expect(new Set(epochs.map(([first = 0]) => Math.floor(first / 30))).size).toBeGreaterThan(1)
    // without a buffer, the rows of a shard keep their order
    const [plain = []] = await take(batches(new Numbers([30, 30, 30, 30], 0)), 0, 1, 120)
    for (let i = 1; i < 120; i++) if (i % 30 !== 0) expect(plain[i]).toBe((plain[i - 1] ?? 0) + 1)
  })

  test('is what the equations say, by hand', async () => {
    // Shard 0 alone: rows 0 to 4 through a buffer of 3. Words of the epoch's key choose its places.
    const stream = new Numbers([5], 3)
    const philox = new Philox(...drawKey(7, 'buffer', 'train', 0, 0, 1))
    philox.block(0, 0, 0, 0)
    const words = [philox.w0, philox.w1, philox.w2, philox.w3]
    const buffer = [0, 1, 2]
    const expected: number[] = []
    for (const next of [3, 4, undefined, undefined]) {
      const k = Math.floor(((words[expected.length] ?? 0) / 2 ** 32) * buffer.length)
      expected.push(buffer[k] ?? NaN)
      buffer[k] = buffer.at(-1) ?? NaN
      buffer.pop()
      if (next !== undefined) buffer.push(next)
    }
    expected.push(buffer[0] ?? NaN)
    expect(await take(batches(stream), 0, 1, 5)).toEqual([expected])
  })

  test('with no rows at all is told, not waited for', async () => {
    await expect(batches(new Numbers([0, 0], 4)).batch(0, 1)).rejects.toThrow(DataInvalid)
  })
})

describe('a batch', () => {
  test('is a pure function of the seed and its number, of every kind of rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRows,
        fc.nat(),
        fc.nat(12),
        fc.integer({ min: 1, max: 7 }),
        async (make, seed, k, size) => {
          const all = await take(batches(make(), seed), 0, k + 1, size)
          expect(await take(batches(make(), seed), k, 1, size)).toEqual([all[k]])
          const again = batches(make(), seed)
          await again.batch(k + 3, size)
          expect(await take(again, k, 1, size)).toEqual([all[k]])
        },
      ),
    )
  })

  test('comes after a resumption as it would have come without, of every kind of rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRows,
        anyRank,
        fc.nat(12),
        fc.integer({ min: 1, max: 7 }),
        async (make, rank, k, size) => {
          const seed = k + size
          const attempt = (order: Batches, from: number, count: number) =>
            take(order, from, count, size).catch((error: unknown) => {
              // a rank whose shards are all empty
              if (error instanceof DataInvalid) return 'no rows'
              throw error
            })
          const whole = await attempt(batches(make(), seed, rank), 0, k + 4)
          const before = batches(make(), seed, rank)
          await attempt(before, 0, k)
          if (whole === 'no rows') return
          const cursor = JSON.parse(JSON.stringify(before.cursor()))
          const saved = cursor === null ? undefined : cursorSchema.parse(cursor)
          expect(await attempt(batches(make(), seed, rank, saved), k, 4)).toEqual(whole.slice(k))
        },
      ),
      { numRuns: 400 },
    )
  })

  test('has after a resumption the same names of rows, by which draws are keyed', async () => {
    const names = async (order: Batches, from: number) =>
      (await order.batch(from, 20)).map(({ id, epoch }) => `${epoch}:${id}`)
    const first = batches(new Numbers([9, 8], 4))
    await first.batch(0, 20)
    const resumed = batches(new Numbers([9, 8], 4), 7, alone, first.cursor() ?? undefined)
    expect(await names(resumed, 1)).toEqual(await names(first, 1))
  })

  test('is reached after a resumption without reading again what lies before', async () => {
    const [before, after] = [new Numbers([500, 500], 10), new Numbers([500, 500], 10)]
    const order = batches(before)
    await take(order, 0, 40, 20)
    await take(batches(after, 7, alone, order.cursor() ?? undefined), 40, 1, 20)
    expect(before.seen.length).toBeGreaterThan(800)
    // what waited in the buffer, and what followed
    expect(after.seen.length).toBeLessThan(40)
  })
})

describe('ranks', () => {
  test('take together what one process takes, batch by batch, where rows are known by number', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(5),
        fc.boolean(),
        async (length, world, k, mixed) => {
          const rows = mixed ? mixOf([numbered(length), 1], [numbered(5, 100), 2]) : numbered(length)
          const [one = []] = await take(batches(rows), k, 1, 6 * world)
          const each = await Promise.all(
            upTo(world).map(async (rank) => values(await batches(rows, 7, { rank, world }).batch(k, 6))),
          )
          expect(sorted(each.flat())).toEqual(sorted(one))
        },
      ),
    )
  })

  test('divide the rows of an epoch of a stream: none twice, none left out', async () => {
    await fc.assert(
      fc.asyncProperty(anyStream, fc.integer({ min: 1, max: 4 }), fc.boolean(), async (s, world, mixed) => {
        const stream = new Numbers(s.sizes, s.shuffle)
        const rows = mixed ? mixOf([stream, 1], [new Numbers([], 0), 0]) : stream
        const taken = await Promise.all(
          upTo(world).map(async (rank) => {
            const order = batches(rows, 7, { rank, world })
            const own: number[] = []
            for (let k = 0; ; k++) {
              const [sample] = await order.batch(k, 1).catch(() => [])
              if (!sample || sample.epoch > 0) return own
              own.push(...values([sample]))
            }
          }),
        )
        expect(sorted(taken.flat())).toEqual(upTo(stream.length))
      }),
    )
  })

  test('read shards of their own where there are enough', async () => {
    const world = 2
    const streams = upTo(world).map(() => new Numbers([10, 10, 10, 10], 4))
    for (const [rank, stream] of streams.entries()) await take(batches(stream, 7, { rank, world }), 0, 1, 20)
    for (const { seen } of streams) expect(new Set(seen.map((n) => Math.floor(n / 10))).size).toBe(2)
  })
})

describe('a mix', () => {
  const mix = (weights: readonly number[]): Rows =>
    mixOf(...weights.map((weight, k): [Dataset, number] => [numbered(10, 100 * k), weight]))

  test('takes from each part its share, within the bounds of chance', async () => {
    const n = 20_000
    const weights = [1, 3, 0, 6]
    const [taken = []] = await take(batches(mix(weights)), 0, 1, n)
    const counts = weights.map((_, k) => taken.filter((x) => Math.floor(x / 100) === k).length)
    expect(counts[2]).toBe(0)
    const chi = counts.reduce((sum, c, k) => {
      const expected = ((weights[k] ?? 0) / 10) * n
      return expected === 0 ? sum : sum + (c - expected) ** 2 / expected
    }, 0)
    // The 99.9 % point of chi-squared with 2 degrees of freedom.
    expect(chi).toBeLessThan(13.82)
  })

  test('names its rows by their part, so that draws for equal numbers are others', async () => {
    const samples = await batches(mix([1, 1])).batch(0, 20)
    expect(new Set(samples.map(({ id, epoch }) => `${epoch} ${id}`)).size).toBe(20)
  })

  test('goes through each part in permutations of all its rows', async () => {
    const [taken = []] = await take(batches(mix([1, 2])), 0, 1, 300)
    for (const part of [0, 1]) {
      const own = taken.filter((x) => Math.floor(x / 100) === part)
      for (let at = 0; at + 10 <= own.length; at += 10)
        expect(sorted(own.slice(at, at + 10))).toEqual(upTo(10).map((i) => 100 * part + i))
    }
  })
})

describe('all rows by number', () => {
  const all = async (of: Rows): Promise<number[]> => {
    const table = await allRows(of)
    return values(await table.samples(upTo(table.length).map((index) => ({ index, epoch: 0 }))))
  }

  test('of a stream are those in the order of its shards', async () => {
    const stream = new Numbers([3, 0, 4], 5)
    expect(await all(onePart(stream))).toEqual(upTo(7))
    const first = await firstRows(stream, 4)
    expect(first.length).toBe(4)
    expect(await first.columns?.(['x'])).toEqual(upTo(4).map((i) => ({ x: Float32Array.of(i) })))
    expect(await (await firstRows(stream, 100)).columns?.(['x'])).toHaveLength(7)
  })

  test('of a mix are those of its parts, one after the other', async () => {
    const mix = mixOf([new Numbers([2, 1], 0), 1], [numbered(2, 50), 9])
    expect(await all(mix)).toEqual([0, 1, 2, 50, 51])
    const table = await allRows(mix)
    expect((await table.samples([{ index: 4, epoch: 0 }])).map(({ part }) => part)).toEqual([1])
    await expect(table.samples([{ index: 5, epoch: 0 }])).rejects.toThrow(RangeError)
  })
})

test('several data sets of one group are one set of rows', async () => {
  const rows: Rows = {
    fingerprint: '',
    groups: [
      {
        weight: 1,
        parts: [
          { index: 0, rows: numbered(4) },
          { index: 1, rows: numbered(3, 4) },
        ],
      },
    ],
  }
  const [first = [], second = []] = await take(batches(rows), 0, 2, 7)
  expect(sorted(first)).toEqual(upTo(7))
  // the very order of one data set of as many rows
  expect([first, second]).toEqual(await take(batches(numbered(7)), 0, 2, 7))
  const samples = await batches(rows).batch(0, 7)
  expect(samples.map(({ part }) => part)).toEqual(first.map((x) => (x < 4 ? 0 : 1)))
})

test('words are those of the generator, in order', () => {
  const key = drawKey(1, 'a')
  const philox = new Philox(...key)
  const words = new Words(key)
  const asked = [5, 0, 7, 4, 1_000_003].map((k) => words.fraction(k) * 2 ** 32)
  const expected = [5, 0, 7, 4, 1_000_003].map((k) => {
    philox.block(Math.floor(k / 4), 0, 0, 0)
    return [philox.w0, philox.w1, philox.w2, philox.w3][k % 4]
  })
  expect(asked).toEqual(expected)
})
