import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tableIn } from '../../src/report/evaluation-table.js'
import { runPipeline } from '../../src/runtime/run.js'
import { eventsFile } from '../../src/runtime/tensorboard.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: what evaluations measure and draw stands in the events of TensorBoard and in the run's folder once each, also
 * where a run is cut off and resumed; the events hold the pipeline's text; metrics are a table at the end.
 */

const source = `
module Number() { value: float[] = zeros; fn forward() = value }
pipeline p {
  model a = Number()
  stage fit {
    train a
    minimize -a.value
    optimizer sgd(lr = 0.5)
    steps 4
    monitor double = 2.0 * a.value every 2
  }
  evaluate drawn = pictures(original = a.value * ones([2, 3, 4, 6]) / 4.0, batches = 1) every 2
  evaluate mean = average(value = a.value, batches = 1) every 2
  export a
}`
const artefact = compileText(source)
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-watching-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (to: string, resume: boolean, until?: string) => {
  const stop = new AbortController()
  return runPipeline(artefact, {
    root: folder,
    runDir: join(folder, to),
    threads: 1,
    resume,
    texts: new Map([
      ['test.dcr', source],
      ['std/nn.dcr', 'of the library'],
    ]),
    signal: stop.signal,
    onEvent: (event) => event.kind === 'evaluated' && event.moment === until && stop.abort(),
  })
}
const occurrences = (bytes: Buffer, text: string): number => bytes.toString('latin1').split(text).length - 1

test.each(['start', 'fit-2', 'fit-4'])('a run that is cut off at %s', async (until) => {
  await run(until, false, until)
  await run(until, true)
  const path = (...names: readonly string[]): string => join(folder, until, ...names)
  const events = readFileSync(path(eventsFile))
  // start, fit-2, and the end of the stage
  const moments = Object.keys(tableIn(readFileSync(path('eval.json'), 'utf8')) ?? {})
  expect(moments).toEqual(['start', 'fit-2', 'fit'])
  // 0x15 begins the number behind the tag
  expect(occurrences(events, 'mean (evaluation)/start/mean\x15')).toBe(1)
  expect(occurrences(events, 'mean (evaluation)/fit/mean\x15')).toBe(2)
  expect(occurrences(events, 'drawn (evaluation)/fit/original/0')).toBe(2)
  // the signature of a PNG: two pictures at each of three moments
  expect(occurrences(events, '\x89PNG\r\n')).toBe(6)
  expect(occurrences(events, 'minimize -a.value')).toBe(1)
  expect(occurrences(events, 'of the library')).toBe(0)
  expect(readdirSync(path('pictures')).sort()).toEqual([
    'fit-2-drawn.png',
    'fit-drawn.png',
    'start-drawn.png',
  ])
  // two pictures of 6 x 4, enlarged 16 times, with 4 pixels between and around
  const { data, info } = await sharp(path('pictures/fit-2-drawn.png'))
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect([info.width, info.height]).toEqual([2 * 96 + 3 * 4, 64 + 2 * 4])
  // after two steps of 0.5 the number is 1, a quarter of it 64 of 255
  expect(data[(10 * info.width + 10) * info.channels]).toBe(64)
})

test('metrics are a table at the end', async () => {
  await run('table', false)
  const text = readFileSync(join(folder, 'table/metrics-fit.csv'), 'utf8')
  const [head, ...rows] = text.trimEnd().split('\n')
  expect(head).toBe('step,loss,lr,grad_norm,step_ms,data_ms,double')
  expect(rows.map((row) => row.split(',').slice(0, 4))).toEqual([
    ['1', '0', '0.5', '1'],
    ['2', '-0.5', '0.5', '1'],
    ['3', '-1', '0.5', '1'],
    ['4', '-1.5', '0.5', '1'],
  ])
  expect(rows.map((row) => row.split(',')[6])).toEqual(['', '1', '', '3'])
})
