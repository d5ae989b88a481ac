import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunResult, runPipeline } from '../../src/runtime/run.js'
import { writeSafetensors } from '../../src/weights/safetensors.js'
import { artefactOf, points, regression } from './regression.js'

/*
 * Aim: what an export copies from a model's folder is read before the first step, as Python's json reads it (Python 3.11
 * refuses these texts at the same places, and reads NaN and Infinity), and the copy says what is written.
 */

let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  mkdirSync(join(folder, 'weights'))
  const content = Float32Array.from([0.5, -1.5, 2])
  await writeSafetensors(join(folder, 'weights/model.safetensors'), [
    { name: 'scale', dtype: 'f32', shape: [3], content },
  ])
})
afterEach(() => rmSync(folder, { recursive: true }))

function run(name: string, content: string | Uint8Array): Promise<RunResult> {
  writeFileSync(join(folder, 'weights', name), content)
  const { files, manifest } = regression({ scaleFrom: 'weights' })
  const artefact = artefactOf(files, { ...manifest, exports: [{ kind: 'model', name: 'fixed' }] })
  return runPipeline(artefact, {
    root: folder,
    runDir: join(folder, 'run'),
    openDataset: async () => points(10),
  })
}

const copied = (name: string): string => join(folder, 'run/export/fixed', name)

test.each([
  ['config.json', '\uFEFF{"a": 1}', /byte order mark/, 0],
  ['config.json', '{"a": "x\ty"}', /control character "\\t"/, 8],
  ['tokenizer.json', '{"a": [1, 2}', /not valid JSON/, 11],
  ['preprocessor_config.json', '{"a": "x\ny", "b": NaN}', /control character "\\n"/, 8],
  ['merges.txt', Uint8Array.of(0x61, 0xff), /no text in UTF-8/, 0],
] as const)('%s that nothing can read is told before training: %j', async (name, content, why, start) => {
  const result = await run(name, content)
  expect(result.status).toBe('failed')
  const [diagnostic, ...others] = result.status === 'failed' ? result.diagnostics : []
  expect(others).toEqual([])
  expect(diagnostic?.code).toBe('run/export-file')
  expect(diagnostic?.message).toMatch(why)
  expect(diagnostic?.span).toMatchObject({ file: join(folder, 'weights', name), start })
  expect(existsSync(join(folder, 'run'))).toBe(false)
})

test('NaN and Infinity are kept, types are those that are written, everything else is as it was', async () => {
  const config = (type: string): string =>
    `{"factor": NaN, "low": -Infinity, "say": "NaN", "dtype": ${type},\n "text_config": {"torch_dtype": ${type}},` +
    ` "quantization_config": {"dtype": "float16"}, "é": 1}\n`
  const { status } = await run('config.json', config('"float16"'))
  expect(status).toBe('done')
  expect(readFileSync(copied('config.json'), 'utf8')).toBe(config('"float32"'))
})

test('a copy can be written where the original could not', async () => {
  writeFileSync(join(folder, 'weights/vocab.txt'), 'a\nb\n')
  chmodSync(join(folder, 'weights/vocab.txt'), 0o444)
  expect((await run('config.json', '{}')).status).toBe('done')
  expect(readFileSync(copied('vocab.txt'), 'utf8')).toBe('a\nb\n')
  expect(statSync(copied('vocab.txt')).mode & 0o200).toBe(0o200)
})
