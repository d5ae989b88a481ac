/**
 * `npm run crash [-- --kills N --every M --part K/N --sample NAME --only REGEXP]`: kills a run at every call of the
 * system that changes its folder, with and without a power cut, in the middle of every write, and N times at random, and
 * the process that goes on in its first calls; makes every call fail in four ways. Each run must go on to the bits of an undisturbed one. Prints a table for docs/reliability.md.
 */
import { parseArgs } from 'node:util'
import { Crashes, type Ended, type Fault, type Harm, type Outcome, hasEnded, outcomeOf } from './harness.js'
import { samples } from './samples.js'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    every: { type: 'string', default: '1' },
    part: { type: 'string', default: '1/1' },
    sample: { type: 'string' },
    only: { type: 'string', default: '' },
  },
})
const kills = Number(values.kills)
/** Of the calls each so-many-th. */
const every = Number(values.every)
/** Kinds of harm by what they are called in the table. */
const only = new RegExp(values.only)
/** Of all that is to be tried the part that is tried here. */
const [part = 1, parts = 1] = values.part.split('/').map(Number)

const tallies = new Map<string, { tried: number; equal: number; ended: number }>()
const failures: string[] = []
for (const name of values.sample === undefined ? samples.keys() : [values.sample]) await crash(name)

async function crash(sample: string): Promise<void> {
  const crashes = await Crashes.open(sample)
  let turn = 0
  try {
    const folder = crashes.fresh()
    const started = performance.now()
    const undisturbed = await crashes.run(folder)
    const took = performance.now() - started
    const whole = JSON.stringify(outcomeOf(folder))
    const calls = crashes.noFaults === undefined ? await crashes.calls() : []
    if (crashes.noFaults !== undefined) console.log(`left out: ${crashes.noFaults}`)
    console.log(`${sample}: ${calls.length} calls change the folder; a run takes ${Math.round(took)} ms`)

    // a fixed sequence, so that what fails can be repeated
    let state = 1
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647
    for (let k = 0; k < kills; k++) {
      const first = Math.round(100 + random() * took)
      const second = k % 3 === 0 ? Math.round(100 + random() * took) : undefined
      await attempt('SIGKILL at a random time', [
        { killAfter: first },
        ...(second ? [{ killAfter: second }] : []),
      ])
    }
    const always = (): boolean => true
    const writes = (call: string): boolean => call.includes('write')
    type Kind = readonly [
      name: string,
      fault: Omit<Fault, 'at'>,
      applies: (call: string) => boolean,
      also?: Harm,
    ]
    const kinds: readonly Kind[] = [
      ['SIGKILL before each call', { how: 'kill' }, always],
      ['SIGKILL in the middle of each write', { how: 'torn' }, writes],
      ['power cut before each call: nothing is left', { how: 'kill' }, always, { powerCut: 'nothing' }],
      ['power cut before each call: zeros are left', { how: 'kill' }, always, { powerCut: 'zeros' }],
      ['half of each write', { how: 'short' }, writes],
      ['EIO at each call', { how: 'EIO' }, always],
      ['ENOSPC at each call, once', { how: 'ENOSPC' }, always],
      ['ENOSPC from each call on', { how: 'ENOSPC', stays: true }, always],
    ]
    for (const [name, fault, applies, also] of kinds)
      for (const [k, call] of calls.entries())
        if (applies(call) && k % every === 0)
          await attempt(name, [{ ...also, fault: { at: k + 1, ...fault } }], `${k + 1} ${call}`)

    // what a process that goes on does before it trains
    const atStart = 40
    for (const share of [0.3, 0.6, 0.9])
      for (let at = 1; at <= atStart; at += every) {
        const first: Harm = { fault: { at: Math.ceil(share * calls.length), how: 'kill' } }
        const second: Harm = { fault: { at, how: 'torn' }, powerCut: at % 2 === 0 ? 'nothing' : 'zeros' }
        await attempt('SIGKILL, then SIGKILL and power cut before each of the first calls', [first, second])
      }

    async function attempt(name: string, harms: readonly Harm[], where = '') {
      if (!only.test(name) || turn++ % parts !== part - 1) return
      const tally = tallies.get(name) ?? { tried: 0, equal: 0, ended: 0 }
      tallies.set(name, tally)
      tally.tried++
      const run = crashes.fresh()
      const ends: Ended[] = []
      for (const harm of harms) {
        ends.push(await crashes.run(run, harm))
        if (hasEnded(ends.at(-1) ?? undisturbed, undisturbed)) break
      }
      if (!hasEnded(ends.at(-1) ?? undisturbed, undisturbed)) {
        tally.ended++
        ends.push(await crashes.run(run))
      }
      const problem = problemOf(run, ends, { undisturbed, outcome: whole })
      if (problem === undefined) tally.equal++
      else failures.push(`${sample}: ${name} ${where} ${JSON.stringify(harms)}: ${problem}`)
      crashes.remove(run)
      if (problem !== undefined) console.log(failures.at(-1))
    }
  } finally {
    crashes.close()
  }
}

function problemOf(
  run: string,
  ends: readonly Ended[],
  whole: { readonly undisturbed: Ended; readonly outcome: string },
): string | undefined {
  const loud = ends.find(({ stderr }) => stderr !== '')
  if (loud) return loud.stderr.slice(0, 400)
  const last = ends.at(-1)
  if (!last || !hasEnded(last, whole.undisturbed))
    return `ended with ${last?.code ?? last?.signal}: ${last?.stdout}`
  let outcome: Outcome
  try {
    outcome = outcomeOf(run)
  } catch (error) {
    return String(error)
  }
  if (JSON.stringify(outcome) === whole.outcome) return undefined
  const expected = JSON.parse(whole.outcome) as Outcome
  return Object.keys(outcome)
    .filter((key) => JSON.stringify(outcome[key]) !== JSON.stringify(expected[key]))
    .map((key) => `${key} differ: ${JSON.stringify(outcome[key]).slice(0, 300)}`)
    .join('; ')
}

console.log('\n| harm | runs | did not end by themselves | ended with equal bits |\n|---|---|---|---|')
for (const [name, { tried, ended, equal }] of tallies)
  console.log(`| ${name} | ${tried} | ${ended} | ${equal} |`)
process.exitCode = failures.length > 0 ? 1 : 0
