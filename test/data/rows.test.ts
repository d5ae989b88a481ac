import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HostExpression, RowPlan, SourcePlan } from '../../src/artefact/data.js'
import { Words, shuffled } from '../../src/runtime/order/words.js'
import { allRows } from '../../src/runtime/rows/all-rows.js'
import { openRows } from '../../src/runtime/rows/open-rows.js'
import { onePart } from '../../src/runtime/rows/rows.js'
import type { Dataset, RowStream } from '../../src/runtime/sources/dataset.js'
import { lengthOf } from '../../src/sources/length.js'
import { Numbers } from '../runtime/streams.js'

/** Rows 0 to n - 1, of which `group` is the row modulo 7, as a text. */
const table = (length: number): Dataset => ({
  length,
  fingerprint: 'table',
  row: (index) => ({ x: BigInt64Array.of(BigInt(index)), group: `g${index % 7}` }),
})
const stream = (sizes: readonly number[]): RowStream => {
  const numbers = new Numbers(sizes, 3)
  return {
    fingerprint: 'stream',
    shards: sizes.length,
    shuffle: 3,
    async *read(shard, from) {
      for await (const { row, at, next } of numbers.read(shard, from)) {
        const x = row.x[0] ?? NaN
        yield { row: { x: BigInt64Array.of(BigInt(x)), group: `g${x % 7}` }, at, next }
      }
    },
  }
}
const source: SourcePlan = { kind: 'source', source: 'any', arguments: {} }
const x: HostExpression = { kind: 'column', name: 'x' }
const group: HostExpression = { kind: 'column', name: 'group' }
const number = (value: number): HostExpression => ({ kind: 'literal', value })
type Operator = Extract<HostExpression, { kind: 'operation' }>['operator']
const operation = (operator: Operator, ...operands: HostExpression[]): HostExpression => ({
  kind: 'operation',
  operator,
  operands,
})
const part = (
  from: number,
  to: number,
  by: HostExpression | null = null,
  of: RowPlan = source,
  seed = 0,
): RowPlan => ({
  kind: 'part',
  of,
  from,
  to,
  by,
  seed,
})

async function numbers(plan: RowPlan, rows: Dataset | RowStream): Promise<number[]> {
  const all = await allRows(onePart(await openRows(plan, '/', async () => rows)))
  const indices = Array.from({ length: all.length }, (_, index) => ({ index, epoch: 0 }))
  return (await all.samples(indices)).map(({ row }) =>
    row['x'] instanceof BigInt64Array ? Number(row['x'][0]) : NaN,
  )
}
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b)
const anyRows = fc.oneof(
  fc.nat(80).map((n) => ({ n, make: (): Dataset | RowStream => table(n) })),
  fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }).map((sizes) => ({
    n: sizes.reduce((a, b) => a + b, 0),
    make: (): Dataset | RowStream => stream(sizes),
  })),
)
const cuts = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 4 })
  .map((inner) => [0, ...sorted(inner), 100].map((percent) => percent / 100))

describe('pairs', () => {
  const paired = async (seed: number, rows: Dataset | RowStream) => {
    const opened = await openRows({ kind: 'pairs', of: source, seed }, '/', async () => rows)
    if (!('length' in opened)) throw new Error('pairs of a stream')
    return opened
  }
  const seconds = async (seed: number, n: number): Promise<readonly number[]> => {
    const rows = await paired(seed, table(n))
    const made = await Promise.all(upTo(n).map(async (index) => rows.row(index)))
    expect(made.map((row) => [row['x'], row['group']])).toEqual(
      await Promise.all(upTo(n).map(async (index) => Object.values(await table(n).row(index)))),
    )
    return made.map((row) => {
      const second = row['other_x'] instanceof BigInt64Array ? Number(row['other_x'][0]) : NaN
      expect(row['other_group']).toBe(`g${second % 7}`)
      return second
    })
  }

  test('put beside each row another one, and each once in the second place', async () => {
    for (const n of [2, 3, 50]) {
      const found = await seconds(1, n)
      expect(sorted(found)).toEqual(upTo(n))
      expect(found.filter((second, index) => second === index)).toEqual([])
    }
    // Not the next row: those of a folder are of one class.
    expect((await seconds(1, 50)).filter((second, index) => second === (index + 1) % 50).length).toBeLessThan(
      10,
    )
    expect(await seconds(1, 50)).toEqual(await seconds(1, 50))
    expect(await seconds(2, 50)).not.toEqual(await seconds(1, 50))
  })

  test('have the columns of both, alone as in rows', async () => {
    const rows = await paired(0, table(20))
    const [whole, some] = [
      await Promise.all(upTo(20).map(async (index) => rows.row(index))),
      await rows.columns?.(['other_group', 'x']),
    ]
    expect(some?.map((row) => [row['x'], row['other_group']])).toEqual(
      whole.map((row) => [row['x'], row['other_group']]),
    )
  })

  test('make both of their rows ready', async () => {
    const ready = new Set<number>()
    const rows = await paired(0, {
      ...table(9),
      prepare: async (wanted) => wanted.forEach((row) => ready.add(row)),
    })
    await rows.prepare?.([4])
    const second = (await rows.row(4))['other_x']
    expect([...ready]).toEqual([4, second instanceof BigInt64Array ? Number(second[0]) : NaN])
  })

  test('are none of one row, nor of rows that come one after the other', async () => {
    await expect(paired(0, table(1))).rejects.toThrow('`pairs` of one row')
    await expect(paired(0, stream([3, 4]))).rejects.toThrow('one after the other')
  })
})

describe('part', () => {
  test('next to each other share no row and are all, with and without a column that keeps rows together', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, cuts, fc.boolean(), fc.nat(3), async ({ n, make }, ends, grouped, seed) => {
        const by = grouped ? group : null
        const parts = await Promise.all(
          ends.slice(1).map((to, k) => numbers(part(ends[k] ?? 0, to, by, source, seed), make())),
        )
        expect(sorted(parts.flat())).toEqual(upTo(n))
        if (!grouped) return
        const sides = new Map<number, number>()
        parts.forEach((rows, k) => {
          for (const row of rows) {
            expect(sides.get(row % 7) ?? k).toBe(k)
            sides.set(row % 7, k)
          }
        })
      }),
    )
  })

  test('of rows that are known by number has its share of them, to the row, and their order', async () => {
    for (const [n, from, to, count] of [
      [100, 0, 0.57, 57],
      [10, 0.8, 1, 2],
      [10, 0, 0.25, 3],
      [1000, 0.7, 0.8, 100],
    ] as const) {
      const rows = await numbers(part(from, to), table(n))
      expect(rows).toHaveLength(count)
      expect(rows).toEqual(sorted(rows))
    }
    // not the first rows: those of a folder are all of one class
    const first = await numbers(part(0, 0.5), table(100))
    expect(first.filter((row) => row < 50).length).toBeLessThan(40)
  })

  test('is, by hand, where a shuffle or a hash of SHA-256 says', async () => {
    const order = shuffled(20, Words.of('part', 3))
    expect(await numbers(part(0.25, 0.5, null, source, 3), table(20))).toEqual(
      sorted(Array.from(order.slice(5, 10))),
    )
    const share = (text: string): number => {
      const digest = createHash('sha256').update(`part\x000\0by\0${text}`).digest('hex')
      return Number.parseInt(digest.slice(0, 12), 16) / 2 ** 48
    }
    const expected = upTo(21).filter((row) => share(`g${row % 7}`) < 0.5)
    expect(expected.length % 3).toBe(0)
    expect(await numbers(part(0, 0.5, group), table(21))).toEqual(expected)
    expect(await numbers(part(0, 0.5, group), stream([10, 11]))).toEqual(expected)
  })

  test('by a column leaves rows where they are when others are added, and divides otherwise by another seed', async () => {
    const few = await numbers(part(0, 0.5, group), table(30))
    const many = await numbers(part(0, 0.5, group), table(60))
    expect(many.filter((row) => row < 30)).toEqual(few)
    const divisions = await Promise.all(
      upTo(8).map((seed) => numbers(part(0, 0.5, x, source, seed), table(40))),
    )
    expect(new Set(divisions.map(String)).size).toBe(8)
    // about half of 8 x 40 values, each by itself
    expect(Math.abs(divisions.flat().length - 160)).toBeLessThan(3.3 * Math.sqrt(320 / 4))
  })
})

describe('limit', () => {
  test('takes so many rows, spread evenly; of a stream the first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(60), fc.integer({ min: 1, max: 70 }), async (n, count) => {
        const plan: RowPlan = { kind: 'limit', of: source, count }
        const rows = await numbers(plan, table(n))
        expect(rows).toHaveLength(Math.min(n, count))
        rows.forEach((row, i) => expect(row).toBe(Math.floor((i * n) / rows.length)))
        expect(await numbers(plan, stream([5, 0, 7]))).toEqual(upTo(Math.min(12, count)))
      }),
    )
  })
})

describe('where', () => {
  const where = (condition: HostExpression, of: RowPlan = source): RowPlan => ({
    kind: 'where',
    of,
    condition,
  })

  test('takes the rows for which its condition holds, of every operator', async () => {
    const cases: readonly [HostExpression, (row: number) => boolean][] = [
      [operation('==', x, number(5)), (row) => row === 5],
      [operation('!=', x, number(5)), (row) => row !== 5],
      [operation('<', x, number(5)), (row) => row < 5],
      [operation('<=', x, number(5)), (row) => row <= 5],
      [operation('>', x, number(5)), (row) => row > 5],
      [operation('>=', x, number(5)), (row) => row >= 5],
      [operation('==', group, { kind: 'literal', value: 'g3' }), (row) => row % 7 === 3],
      [operation('not', operation('<', x, number(5))), (row) => row >= 5],
      [
        operation('and', operation('<', x, number(9)), operation('>', x, number(3))),
        (row) => row < 9 && row > 3,
      ],
      [
        operation('or', operation('<', x, number(2)), operation('>', x, number(9))),
        (row) => row < 2 || row > 9,
      ],
      [operation('<', operation('+', x, number(2)), number(5)), (row) => row + 2 < 5],
      [operation('<', operation('-', x, number(2)), number(5)), (row) => row - 2 < 5],
      [operation('<', operation('*', x, number(2)), number(5)), (row) => row * 2 < 5],
      [operation('<', operation('/', x, number(2)), number(2)), (row) => row / 2 < 2],
      [{ kind: 'literal', value: true }, () => true],
      [{ kind: 'literal', value: false }, () => false],
    ]
    for (const [condition, holds] of cases) {
      expect(await numbers(where(condition), table(12))).toEqual(upTo(12).filter(holds))
      expect(await numbers(where(condition), stream([4, 8]))).toEqual(upTo(12).filter(holds))
    }
  })

  test('goes with the others, in the order in which they are written', async () => {
    const even = operation('==', operation('*', number(2), operation('/', x, number(2))), x)
    expect(await numbers({ kind: 'limit', of: where(even), count: 3 }, table(12))).toEqual([0, 4, 8])
    const few = await numbers(where(operation('<', x, number(6)), part(0, 0.5)), table(12))
    const half = await numbers(part(0, 0.5), table(12))
    expect(few).toEqual(half.filter((row) => row < 6))
    const columns = (await openRows(where(operation('>', x, number(8))), '/', async () =>
      table(12),
    )) as Dataset
    expect(await columns.columns?.(['group'])).toEqual([{ group: 'g2' }, { group: 'g3' }, { group: 'g4' }])
  })

  test('of a stream keeps places, so that reading goes on behind any row', async () => {
    const rows = await openRows(where(operation('>', x, number(5))), '/', async () => stream([12]))
    if (!('shards' in rows)) throw new Error('a stream stays one')
    const read = async (from: number) => {
      const found: { readonly at: number; readonly next: number }[] = []
      for await (const row of rows.read(0, from)) found.push(row)
      return found
    }
    const all = await read(0)
    expect(all.map(({ at }) => at)).toEqual([60, 70, 80, 90, 100, 110])
    expect(await read(all[2]?.next ?? 0)).toEqual(all.slice(3))
  })
})

test('lengths that follow from the text are those of the rows', async () => {
  const all: RowPlan = { kind: 'source', source: 'mnist', arguments: { split: 'train', size: 8 } }
  const mnist: RowPlan = { kind: 'limit', of: all, count: 40 }
  await fc.assert(
    fc.asyncProperty(fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 50 }), async (a, b, count) => {
      const [from = 0, to = 0] = sorted([a, b]).map((percent) => percent / 100)
      const plans: RowPlan[] = [
        part(from, to, null, mnist),
        { kind: 'limit', of: mnist, count },
        { kind: 'limit', of: part(from, to, null, mnist), count },
        part(from, to, null, { kind: 'limit', of: mnist, count }),
      ]
      for (const plan of plans) expect(await numbers(plan, table(40))).toHaveLength(lengthOf(plan) ?? -1)
    }),
  )
  expect(lengthOf(part(0, 1, group, mnist))).toBeUndefined()
  expect(lengthOf({ kind: 'where', of: mnist, condition: number(1) })).toBeUndefined()
})
