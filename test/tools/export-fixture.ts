import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * The run whose exports transformers, diffusers and peft load for a fixture; see test/oracle/export.py.
 * usage: npx tsx test/tools/export-fixture.ts
 */
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs test/oracle/export.dcr into a folder. */
export async function runExports(runDir: string): Promise<void> {
  const [{ compile }, { DiskFiles }, { runPipeline }] = await Promise.all([
    import('../../src/compiler/index.js'),
    import('../../src/cli/files.js'),
    import('../../src/runtime/run.js'),
  ])
  const { artefact, diagnostics } = compile({ entry: 'test/oracle/export.dcr', files: new DiskFiles(root) })
  if (!artefact) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  const result = await runPipeline(artefact, { root, runDir, threads: 1 })
  if (result.status === 'done') return
  throw new Error(
    result.status === 'failed' ? result.diagnostics.map((d) => d.message).join('\n') : 'stopped',
  )
}

/** The exports as they were when the fixture was made. */
export const exportedFolder = join(root, 'test/oracle/fixtures/export/exported')

const [, script] = process.argv
if (script === fileURLToPath(import.meta.url)) {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-export-'))
  const run = join(folder, 'run')
  await runExports(run)
  rmSync(exportedFolder, { recursive: true, force: true })
  cpSync(join(run, 'export'), exportedFolder, { recursive: true })
  rmSync(folder, { recursive: true })
}
