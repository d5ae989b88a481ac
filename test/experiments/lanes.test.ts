import { expect, test } from 'vitest'
import { inLanes } from '../../src/experiments/engines/lanes.js'

/*
 * Aim: what runs in lanes is begun in order, as many at a time as there are lanes, and ends together.
 */

/** Work on items that is begun and ended by hand; what happened so far. */
class Work {
  readonly log: string[] = []
  readonly controller = new AbortController()
  readonly outcome: Promise<readonly string[]>
  private readonly items = new Map<string, { begun: () => void; end: () => void; fail: () => void }>()

  constructor(items: string, lanes: number) {
    this.outcome = inLanes(items.split(''), lanes, this.controller, (item, begun) => {
      this.log.push(item)
      return new Promise((resolve, reject) => {
        const end = (): void => resolve(item.toUpperCase())
        this.items.set(item, { begun, end, fail: () => reject(new Error(`${item} failed`)) })
      })
    })
    this.outcome.then(
      () => this.log.push('done'),
      () => this.log.push('failed'),
    )
  }

  /** Tells of an item, and lets what follows from it happen. */
  async tell(item: string, what: 'begun' | 'end' | 'fail'): Promise<string> {
    this.items.get(item)?.[what]()
    await new Promise((resolve) => setTimeout(resolve))
    return this.log.join(' ')
  }
}

test('an item is begun when the one before has begun and a lane is free; results come in order', async () => {
  const work = new Work('abcd', 2)
  expect(work.log).toEqual(['a'])
  expect(await work.tell('a', 'begun')).toBe('a b')
  expect(await work.tell('b', 'begun')).toBe('a b')
  expect(await work.tell('b', 'end')).toBe('a b c')
  // the first lane is free, but c has not begun
  expect(await work.tell('a', 'end')).toBe('a b c')
  // the end of an item, too, lets the next begin
  expect(await work.tell('c', 'end')).toBe('a b c d')
  expect(await work.tell('d', 'end')).toBe('a b c d done')
  expect(await work.outcome).toEqual(['A', 'B', 'C', 'D'])
})

test('with one lane, one item is worked on after the other', async () => {
  const work = new Work('ab', 1)
  expect(await work.tell('a', 'begun')).toBe('a')
  expect(await work.tell('a', 'end')).toBe('a b')
})

test('after an abort nothing is begun, and what goes on is awaited', async () => {
  const work = new Work('abc', 2)
  await work.tell('a', 'begun')
  work.controller.abort()
  expect(await work.tell('a', 'end')).toBe('a b')
  expect(await work.tell('b', 'end')).toBe('a b done')
  expect(await work.outcome).toEqual(['A', 'B'])
})

test('an error aborts, and is thrown when what goes on has ended', async () => {
  const work = new Work('abc', 2)
  await work.tell('a', 'begun')
  expect(await work.tell('b', 'fail')).toBe('a b')
  expect(work.controller.signal.aborted).toBe(true)
  expect(await work.tell('a', 'end')).toBe('a b failed')
  await expect(work.outcome).rejects.toThrow('b failed')
})
