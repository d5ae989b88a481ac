import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runPipeline } from '../../src/runtime/run.js'
import { samples } from './samples.js'

/** Runs a sample in a folder, or goes on with it; prints what a user would be told. */
const [name = '', compiled = '', folder = ''] = process.argv.slice(2)
const sample = samples.get(name)
if (!sample) throw new Error(`no sample ${name}`)
const result = await runPipeline(sample.artefact(compiled), {
  ...sample.options(),
  threads: 1,
  root: join(folder, '..'),
  runDir: folder,
  resume: existsSync(join(folder, 'run.json')),
  onEvent: (event) => {
    if (event.kind === 'warning')
      process.stdout.write(`${event.diagnostic.code}: ${event.diagnostic.message}\n`)
  },
})
if (result.status === 'failed')
  for (const { code, message } of result.diagnostics) process.stdout.write(`${code}: ${message}\n`)
process.exitCode = result.status === 'done' ? 0 : 1
