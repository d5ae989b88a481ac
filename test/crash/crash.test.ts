import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Crashes, type Ended, type Fault, type Harm, type Outcome, hasEnded, outcomeOf } from './harness.js'

/*
 * Aim: whatever call of the system a run is killed in, and whichever fails, it goes on to the bits of an undisturbed
 * one. `npm run crash` does this at every call; here are two dozen kills and some failures.
 */

const kindsOfCalls = ['open-empty', 'write', 'fsync', 'rename', 'mkdir']

test('a run that goes astray, and is killed with the machine in between, ends at the same step', async () => {
  const crashes = await Crashes.open('astray')
  try {
    if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
    const [one, two] = [crashes.fresh(), crashes.fresh()]
    const whole = await crashes.run(one)
    expect(whole.stdout).toMatch(/^run\/diverged: stage `grow`, step 7: the loss is 2048, /)
    // goes on from step 4, the first of the four
    const fault: Fault = { at: 1, on: '/checkpoints/grow-6', of: 'rename', how: 'kill' }
    expect(await crashes.run(two, { fault, powerCut: 'nothing' })).toMatchObject({ signal: 'SIGKILL' })
    expect(hasEnded(await crashes.run(two), whole)).toBe(true)
    expect(outcomeOf(two)).toEqual(outcomeOf(one))
  } finally {
    crashes.close()
  }
})

describe.each([
  { sample: 'stages', atRandom: 1, cuts: 3 },
  { sample: 'everything', atRandom: 1, cuts: 3 },
])('$sample', ({ sample, atRandom, cuts }) => {
  let crashes: Crashes
  let whole: Outcome
  let calls: readonly string[]
  beforeAll(async () => {
    crashes = await Crashes.open(sample)
    const folder = crashes.fresh()
    expect(await crashes.run(folder)).toMatchObject({ code: 0 })
    whole = outcomeOf(folder)
    if (crashes.noFaults === undefined) calls = await crashes.calls()
  })
  afterAll(() => crashes.close())

  /** The number of a call of a kind, of those that are so far into the run. */
  function placeOf(name: string, share: number): number {
    const numbers = calls.flatMap((call, k) => (call === name ? [k + 1] : []))
    return numbers[Math.floor(share * numbers.length)] ?? expect.fail(`no call of ${name}`)
  }

  /** Runs until it is done, and compares; what the processes that are harmed said. */
  async function survives(...harms: readonly Harm[]): Promise<string> {
    const folder = crashes.fresh()
    const harmed: Ended[] = []
    for (const harm of harms) harmed.push(await crashes.run(folder, harm))
    // told, and no bug of ours
    expect(harmed.map(({ stderr }) => stderr).join('')).toBe('')
    if (harmed.at(-1)?.code !== 0) {
      const again = await crashes.run(folder)
      expect([again.code, again.stderr]).toEqual([0, ''])
    }
    expect(outcomeOf(folder)).toEqual(whole)
    crashes.remove(folder)
    return harmed.map(({ stdout }) => stdout).join('')
  }

  describe('a killed run', () => {
    test.each(Array.from({ length: atRandom }, (_, k) => k))('at any time: %i', async (k) => {
      await survives({ killAfter: 200 + 400 * k })
    })

    test.each(kindsOfCalls)('in the middle one of its calls of %s', async (name) => {
      if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
      const how = name === 'write' ? 'torn' : 'kill'
      await survives({ fault: { at: placeOf(name, 0.5), how } })
    })

    /** Places in the run, as evenly as can be. */
    const places = Array.from({ length: cuts }, (_, k) => (k + 0.5) / cuts)
    test.each(places)('with the machine: %d', async (place) => {
      if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
      const at = 1 + Math.floor(place * calls.length)
      await survives({ fault: { at, how: 'kill' }, powerCut: at % 2 === 0 ? 'nothing' : 'zeros' })
    })
  })

  test('a run that is killed when a checkpoint that it removes is half there', async () => {
    if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
    await survives({ fault: { at: 2, of: 'unlink', on: '/checkpoints/', how: 'kill' } })
  })

  test('a run that goes on and is killed while it drops lines of metrics', async () => {
    if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
    const late: Harm = { fault: { at: placeOf('rename', 0.9), how: 'kill' } }
    await survives(late, { fault: { at: 1, of: 'write', on: '/metrics.jsonl', how: 'torn' } })
  })

  test('a run that goes on and is killed, with the machine, in its call 15', async () => {
    if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
    const late: Harm = { fault: { at: placeOf('rename', 0.9), how: 'kill' } }
    await survives(late, { fault: { at: 15, how: 'torn' }, powerCut: 'nothing' })
  })

  describe('a call that fails', () => {
    test.each<[string, Pick<Fault, 'how' | 'stays'>, RegExp]>([
      ['rename', { how: 'EIO' }, /^file\/refused: i\/o error, rename /],
      ['write', { how: 'ENOSPC', stays: true }, /^file\/refused: no space left on device/],
      ['fsync', { how: 'EIO' }, /^file\/refused: i\/o error, fsync/],
      ['write', { how: 'short' }, /^$/],
    ])('%s: %o', async (name, fault, said) => {
      if (crashes.noFaults !== undefined) return console.warn(crashes.noFaults)
      const at = 1 + Math.floor(0.6 * calls.filter((call) => call === name).length)
      expect(await survives({ fault: { at, of: name, ...fault } })).toMatch(said)
    })
  })
})
