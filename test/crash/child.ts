import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runPipeline } from '../../src/runtime/run.js'
import { crashOptions, crashPipeline } from './pipeline.js'

/** Runs the pipeline in a folder, or goes on with it; prints what a user would be told. */
const [folder = ''] = process.argv.slice(2)
const result = await runPipeline(crashPipeline(), {
  ...crashOptions(),
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
