import { expect, test } from 'vitest'
import { comparePairs } from './key-bits.js'

/*
 * Aim: stages have equal keys exactly where they end with equal bits, whatever the edits by which two pipelines differ.
 * `DCRC_KEYS=30` compares as many pairs.
 */
const pairs = Number(process.env['DCRC_KEYS'] ?? 5)

test(`of ${pairs} pairs of edits, stages have equal keys exactly where they end with equal bits`, async () => {
  const found = await comparePairs(pairs, 20)
  const wrong = found.filter(({ stages }) => stages.some((s) => s.sameKey !== s.sameBits))
  expect(wrong).toEqual([])
  const all = found.flatMap(({ stages }) => stages)
  expect(all.some(({ sameKey }) => sameKey)).toBe(true)
  expect(all.some(({ sameKey }) => !sameKey)).toBe(true)
}, 600_000)
