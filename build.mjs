// Bundles the command line with its libraries: a command loads one file in a fraction of the time of many.
// usage: node build.mjs [folder]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const outdir = process.argv[2] ?? 'dist/cli'
rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: {
    main: 'src/cli/launch.ts',
    dcrc: 'src/cli/main.ts',
    worker: 'src/runtime/worker.ts',
    'record-code': 'src/cli/record-code.ts',
  },
  outdir,
  bundle: true,
  // Node keeps compiled code of CommonJS alone; modules of a command that is not asked for are not run.
  format: 'cjs',
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  platform: 'node',
  target: 'node20',
  // Native code.
  external: ['onnxruntime-node', 'sharp'],
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})
writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs" }\n')

// See src/cli/program-code.ts.
const scratch = mkdtempSync(join(tmpdir(), 'dcrc-build-'))
const recorder = join(outdir, 'record-code.js')
const { status } = spawnSync(
  process.execPath,
  [recorder, 'pipelines/quickstart/quickstart.dcr', join(scratch, 'compiled')],
  { stdio: ['ignore', 'ignore', 'inherit'] },
)
rmSync(scratch, { recursive: true })
for (const file of [recorder, `${recorder}.map`]) rmSync(file)
if (status !== 0) throw new Error(`record-code.js ended with ${status}`)
