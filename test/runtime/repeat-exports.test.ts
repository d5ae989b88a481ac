import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../../src/diagnostics/diagnostic.js'
import { repeatExports } from '../../src/runtime/repeat-exports.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { RunUnreadable } from '../../src/report/run-unreadable.js'
import { writeSafetensors } from '../../src/weights/safetensors.js'
import { Fixture, compileText } from '../parity/harness.js'

/*
 * Aim: the exports of a run that has ended are written again, byte by byte, from its folder alone: no source, no data,
 * no training; also where they could not be written at its end.
 */
const text = `
use std.losses { mse }
use std.nn { Conv2d, Linear }
module Net {
  conv = Conv2d(3, 4, 3, stride = 2, padding = 1)
  out = Linear(36, 5)
  fn forward(x) = out(flatten(tanh(conv(x)), 1))
}
pipeline lora {
  model net = Net() from "net.safetensors"
  model other = Linear(5, 2)
  adapter enc = lora(net.conv, rank = 2, train_bias = true)
  let x = draw normal of [6, 3, 6, 6]
  stage first { train enc; minimize mse(net(x), 0.0 * net(x) + 1.0); optimizer adamw(lr = 0.01); steps 2 }
  stage second { train other, net.out; minimize mse(other(net(x)), draw normal of [6, 2]); optimizer adamw(lr = 0.01); ema 0.5; steps 3 }
  fn answer(image: f32[n, 3, 6, 6]) = other(net(image))
  export answer, net, other, enc
}
`

let root: string
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'dcrc-'))
  const fixture = await Fixture.open('lora')
  const tensors = fixture.names('start/net.').map((name) => {
    const { shape, ...stored } = fixture.stored(`start/net.${name}`)
    return { name, dtype: 'f32' as const, shape, content: { ...stored, shape } }
  })
  await writeSafetensors(join(root, 'net.safetensors'), tensors)
})
afterEach(() => rmSync(root, { recursive: true }))

const run = (options: RunOptions = {}) =>
  runPipeline(compileText(text), { root, threads: 1, runDir: join(root, 'run'), ...options })

/** All files below a folder, by their paths. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((file) => [file.slice(folder.length), readFileSync(file, 'base64')]),
  )
}

const repeat = (steps?: number) => repeatExports(join(root, 'run'), { root, steps, onEvent: () => undefined })

/** The code of what a user is told. */
const refused = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (error instanceof UserError) return `${error.diagnostic.code}: ${error.diagnostic.message}`
  if (error instanceof RunUnreadable) return error.message
  throw error
}

test('they are the same, byte by byte', async () => {
  expect((await run()).status).toBe('done')
  const before = contents(join(root, 'run/export'))
  expect(Object.keys(before)).toHaveLength(5)
  rmSync(join(root, 'run/export'), { recursive: true })
  const others = contents(join(root, 'run'))
  const exported = await repeat()
  expect(Object.keys(exported)).toEqual(['answer', 'net', 'other', 'enc'])
  expect(contents(join(root, 'run/export'))).toEqual(before)
  rmSync(join(root, 'run/export'), { recursive: true })
  expect(contents(join(root, 'run'))).toEqual(others)
})

test('they are written where they could not be at the end of the run', async () => {
  const onEvent: RunOptions['onEvent'] = ({ kind }) => {
    // what stands where the folder of exports would
    if (kind === 'checkpoint') writeFileSync(join(root, 'run/export'), '')
  }
  const { status } = await run({ onEvent })
  expect(status).toBe('failed')
  rmSync(join(root, 'run/export'))
  await repeat()
  expect(existsSync(join(root, 'run/export/answer/model.onnx'))).toBe(true)
  expect((await run({ resume: true })).status).toBe('done')
})

test('what cannot be is told', async () => {
  expect(await refused(repeatExports(root, { root, onEvent: () => undefined }))).toMatch(
    /^run\/nothing-to-export/,
  )
  expect((await run({ steps: 2 })).status).toBe('done')
  expect(await refused(repeat())).toBe(
    `run/not-ended: the run in ${join(root, 'run')} has not ended: stage \`second\` is at step 2 of 3`,
  )
  expect(Object.keys(await repeat(2))).toHaveLength(4)
  writeFileSync(join(root, 'run/graphs/answer.export.onnx'), 'x')
  expect(await refused(repeat(2))).toMatch(/answer.export.onnx is not as it was written/)
  rmSync(join(root, 'run/graphs'), { recursive: true })
  expect(await refused(repeat(2))).toMatch(/answer.export.onnx is not there/)
  cpSync(fileURLToPath(import.meta.url), join(root, 'run/manifest.json'))
  expect(await refused(repeat(2))).toMatch(/manifest.json is not JSON/)
})
