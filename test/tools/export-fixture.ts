import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * A run whose exports others load for a fixture: transformers, diffusers and peft (test/oracle/export.py), or PyTorch
 * (states_export.py).
 * usage: npx tsx test/tools/export-fixture.ts export|states_export
 */
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a pipeline of test/oracle into a folder. */
export async function runExports(name: string, runDir: string): Promise<void> {
  const [{ compile }, { DiskFiles }, { runPipeline }] = await Promise.all([
    import('../../src/compiler/index.js'),
    import('../../src/cli/files.js'),
    import('../../src/runtime/run.js'),
  ])
  const { artefact, diagnostics } = compile({ entry: `test/oracle/${name}.dcr`, files: new DiskFiles(root) })
  if (!artefact) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  const result = await runPipeline(artefact, { root, runDir, threads: 1 })
  if (result.status === 'done') return
  throw new Error(
    result.status === 'failed' ? result.diagnostics.map((d) => d.message).join('\n') : 'stopped',
  )
}

/** The exports as they were when the fixture was made. */
export const exportedFolder = (name: string): string => join(root, 'test/oracle/fixtures', name, 'exported')

const [, script, name] = process.argv
if (script === fileURLToPath(import.meta.url) && name !== undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-export-'))
  const run = join(folder, 'run')
  await runExports(name, run)
  rmSync(exportedFolder(name), { recursive: true, force: true })
  cpSync(join(run, 'export'), exportedFolder(name), { recursive: true })
  rmSync(folder, { recursive: true })
}
