import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Crashes, type Fault, type Outcome, outcomeOf } from './harness.js'

/*
 * Aim: whatever call of the system a run is killed in, and whichever fails, it goes on to the bits of an undisturbed
 * one. `npm run crash` does this at every call; here are twenty kills and some failures.
 */

let crashes: Crashes
let whole: Outcome
let calls: readonly string[]
beforeAll(async () => {
  crashes = await Crashes.open()
  const folder = crashes.fresh()
  expect(await crashes.run(folder)).toMatchObject({ code: 0 })
  whole = outcomeOf(folder)
  if (crashes.noFaults === undefined) calls = await crashes.calls()
})
afterAll(() => crashes.close())

/** Runs until it is done, and compares; what the first process, which is harmed, said. */
async function survives(harm: Parameters<Crashes['run']>[1]): Promise<string> {
  const folder = crashes.fresh()
  const first = await crashes.run(folder, harm)
  // told, and no bug of ours
  expect(first.stderr).toBe('')
  if (first.code !== 0) {
    const again = await crashes.run(folder)
    expect([again.code, again.stderr]).toEqual([0, ''])
  }
  expect(outcomeOf(folder)).toEqual(whole)
  crashes.remove(folder)
  return first.stdout
}

describe('a killed run', () => {
  test.each([0, 1, 2, 3, 4])('at any time: %i', async (k) => {
    await survives({ killAfter: 150 + 130 * k })
  })

  test.each(Array.from({ length: 15 }, (_, k) => k))('in a call: %i of 15', async (k) => {
    if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
    const at = 1 + Math.floor(((k + 0.5) / 15) * calls.length)
    await survives({ fault: { at, how: k % 2 === 0 ? 'kill' : 'torn' } })
  })
})

describe('a call that fails', () => {
  test.each<[string, Pick<Fault, 'how' | 'stays'>, RegExp]>([
    ['rename', { how: 'EIO' }, /^file\/refused: i\/o error, rename /],
    ['write', { how: 'ENOSPC', stays: true }, /^file\/refused: no space left on device/],
    ['fsync', { how: 'EIO' }, /^file\/refused: i\/o error, fsync/],
    ['write', { how: 'short' }, /^$/],
  ])('%s: %o', async (name, fault, said) => {
    if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
    const places = calls.flatMap((call, k) => (call === name ? [k + 1] : []))
    const at = places[Math.floor(0.6 * places.length)] ?? 0
    expect(await survives({ fault: { at, ...fault } })).toMatch(said)
  })
})
