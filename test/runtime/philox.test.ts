import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Philox } from '../../src/runtime/philox.js'

interface Golden {
  readonly cases: readonly {
    readonly counter: readonly [number, number, number, number]
    readonly key: readonly [number, number]
    readonly out: readonly number[]
  }[]
}

const golden = JSON.parse(readFileSync(new URL('../golden/philox.json', import.meta.url), 'utf8')) as Golden

test.each(golden.cases)('the block of counter $counter under key $key is the published one', (known) => {
  const philox = new Philox(...known.key)
  philox.block(...known.counter)
  expect([philox.w0, philox.w1, philox.w2, philox.w3]).toEqual(known.out)
})
