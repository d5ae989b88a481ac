import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { executorNames } from '../../src/runtime/executors/names.js'
import { runPipeline } from '../../src/runtime/run.js'
import { leftBy } from '../runtime/left-by.js'

/*
 * Aim: every example and the quickstart leave the same bits with both executors: weights, optimizer, losses, monitors,
 * measurements. `npm run executors` takes all of them, `npm test` one.
 */

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = readdirSync(join(root, 'pipelines/examples')).filter((name) => name.endsWith('.dcr'))
const all = [
  ...examples.map((name) => `pipelines/examples/${name}`),
  ...['quickstart', 'naive', 'reconstruction'].map((name) => `pipelines/quickstart/${name}.dcr`),
]
const chosen = process.env['DCRC_PIPELINES'] === 'all' ? all : ['pipelines/examples/wgan_gp.dcr']

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-executors-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test.each(chosen)('%s', { timeout: 900_000 }, async (entry) => {
  const declared = readFileSync(join(root, entry), 'utf8')
  const settings = new Map(/^ {2}param batch: int/m.test(declared) ? [['batch', '8']] : [])
  const { artefact } = compile({ entry, files: new DiskFiles(root), settings })
  if (!artefact) throw new Error('not compiled')
  const [binding, cApi] = [...executorNames]
  for (const executor of executorNames)
    expect(
      (await runPipeline(artefact, { root, runDir: join(folder, executor), steps: 2, executor })).status,
    ).toBe('done')
  expect(leftBy(join(folder, cApi ?? ''))).toEqual(leftBy(join(folder, binding ?? '')))
})
