// Bundles the command line with its libraries: a command loads one file in a fraction of the time of many.
// usage: node build.mjs [folder]
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

/** What most commands do without is loaded at its first use: the names of a module stand for it until then. */
const lazily = {
  name: 'lazily',
  setup(build) {
    const filter = /^(node:(child_process|crypto|os|tty|zlib)|onnx-proto|@huggingface\/tokenizers)$/
    build.onResolve({ filter }, ({ path, namespace }) => (namespace === 'lazily' ? undefined : { path, namespace: 'lazily' }))
    build.onLoad({ filter, namespace: 'lazily' }, ({ path }) => {
      const names = Object.keys(createRequire(import.meta.url)(path))
      const whole = `require(${JSON.stringify(path)})`
      const getters = names.map((name) => `get ${name}() { return ${whole}.${name} }`)
      return { contents: `module.exports = { ${getters.join()} }`, resolveDir: import.meta.dirname }
    })
  },
}

const outdir = process.argv[2] ?? 'dist/cli'
rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: {
    main: 'src/cli/launch.ts',
    dcrc: 'src/cli/main.ts',
    worker: 'src/runtime/worker.ts',
    'write-library': 'src/cli/write-library.ts',
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
  plugins: [lazily],
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})
writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs" }\n')

// A file of ASCII is read and kept in half the space; what else stands in it stands in texts and regular expressions.
const program = join(outdir, 'dcrc.js')
const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
// oxlint-disable-next-line no-control-regex
writeFileSync(program, readFileSync(program, 'utf8').replaceAll(/[^\x00-\x7f]/g, escaped))

/** Runs a part of the build that is written in the program's own code. */
function step(name, ...given) {
  const script = join(outdir, `${name}.js`)
  const { status, stderr } = spawnSync(process.execPath, [script, ...given], { encoding: 'utf8' })
  for (const file of [script, `${script}.map`]) rmSync(file)
  if (status !== 0) throw new Error(`${name}.js ended with ${status}\n${stderr}`)
}

step('write-library')
const scratch = mkdtempSync(join(tmpdir(), 'dcrc-build-'))
step('record-code', 'pipelines/quickstart/quickstart.dcr', join(scratch, 'compiled'), 'pipelines/dcr.dcr')
rmSync(scratch, { recursive: true })
