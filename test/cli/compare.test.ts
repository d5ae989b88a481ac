import { readdirSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Installed, type Running, printed } from './installed.js'

/*
 * Aim: `dcrc compare --jobs` as a user sees it: what it prints into a pipe, in which order, and how it ends when one of
 * its runs is interrupted or fails.
 */

let dcrc: Installed
beforeAll(async () => {
  dcrc = Installed.build()
  await dcrc.dcrc('new project')
  dcrc.install('project')
  const text = dcrc.read('project/digits.dcr')
  const evaluation = `
  data test = limit(mnist(split = "test", size = 32), 200) rows 64 {
    image: f32[3, 32, 32] = image
    digit: i64[] = digit
  }
  evaluate unseen = average(
    value = accuracy(reader(test.image), test.digit),
    batches = 3,
  )
`
  dcrc.write('project/digits.dcr', text.replace('\n  export', `${evaluation}\n  export`))
  const derive = (name: string, clauses: string): void =>
    dcrc.write(
      `project/${name}.dcr`,
      `use "./digits.dcr" { digits }\npipeline ${name} extends digits { override stage learn { ${clauses} } }\n`,
    )
  derive('short', 'steps 3')
  derive('endless', 'steps 200_000')
  derive('everlasting', 'steps 200_001')
  derive('steep', 'steps 200_000; optimizer adamw(lr = 1e30)')
})
afterAll(() => dcrc.remove())

const compare = (line: string): Running => dcrc.start(['compare', ...line.split(' ')], 'project')

/** The lines of one run among those of several. */
const linesOf = (run: string, stderr: string): readonly string[] =>
  stderr.split('\n').flatMap((line) => (line.startsWith(`${run} `) ? [line.slice(run.length).trim()] : []))

/** That a run was stopped, and that a checkpoint holds where it was. */
function expectStopped(run: string, stderr: string): void {
  const last = linesOf(run, stderr).at(-1) ?? ''
  const [, step = ''] = /^stopped after learn step (\d+), which a checkpoint holds$/.exec(last) ?? []
  expect(readdirSync(dcrc.path('project/out', run, 'checkpoints'))).toEqual([`learn-${step}`])
}

beforeEach(() => rmSync(dcrc.path('project/out'), { recursive: true, force: true }))

test('runs go on at the same time, each under its name, and are summed up in the order in which they were named', async () => {
  const running = compare('digits.dcr short.dcr --steps 200 --jobs 2 --out out')
  const { code, stdout, stderr } = await running.outcome
  expect(code).toBe(0)
  for (const run of ['digits', 'short']) {
    const lines = linesOf(run, stderr)
    expect([lines[0], lines.at(-1)]).toEqual([`run out/${run}`, 'done'])
    const measured = lines.filter((line) => line.startsWith('evaluate unseen (start): mean'))
    expect(measured).toEqual([expect.any(String)])
  }
  // the second began after the first step of the first, and before its end
  const order = ['digits  learn 1/200', 'short   run', 'digits  done']
  const places = order.map((text) => stderr.indexOf(text))
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(places).not.toContain(-1)
  expect(stdout).toMatch(/\nOriginal .*\ndigits .*\nshort .*\n/)
  const report = dcrc.read('project/out/report.html')
  expect(report).toContain('<title>digits and short ')
  expect(report).toContain('npx dcrc compare digits.dcr short.dcr --seed 0 --steps 200 --jobs 2')
})

test('an interrupt stops all that runs, and begins nothing more', async () => {
  const running = compare('endless.dcr everlasting.dcr short.dcr --jobs 2 --out out')
  // what both measure before they train on
  await printed(running, 'everlasting  evaluate unseen (start)')
  running.interrupt()
  const { code, stdout, stderr } = await running.outcome
  expect([code, stdout]).toEqual([
    130,
    expect.stringMatching(/^\nendless was stopped\neverlasting was stopped\nshort was not begun\n/),
  ])
  expect(stderr).toContain('\nstopping after this step (Ctrl-C again to stop at once)\n')
  for (const run of ['endless', 'everlasting']) expectStopped(run, stderr)
  expect(readdirSync(dcrc.path('project/out'))).not.toContain('short')
})

test('a run that fails stops no other, and is told below the table', async () => {
  const { code, stdout, stderr } = await compare(
    'digits.dcr steep.dcr short.dcr --steps 20 --jobs 2 --out out',
  ).outcome
  expect(code).toBe(1)
  expect(stderr.match(/^error\[.*$/gm)).toEqual([
    'error[run/not-finite]: stage `learn`, step 2: the loss is NaN',
  ])
  expect(stdout).toMatch(/\nOriginal .*\ndigits .*\nshort .*\n/)
  expect(stdout).toContain('steep failed: run/not-finite: stage `learn`, step 2: the loss is NaN\n')
})

test('without --jobs, one run follows the other, and no line has a name', async () => {
  const { code, stderr } = await compare('digits.dcr short.dcr --steps 2 --out out').outcome
  expect(code).toBe(0)
  const lines = stderr.split('\n').filter((line) => /^(run|done)/.test(line))
  expect(lines).toEqual(['run out/digits', 'done', 'run out/short', 'done'])
  expect(dcrc.read('project/out/report.html')).not.toContain('--jobs')
})
