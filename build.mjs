// Bundles the command line with its libraries: a command loads one file in a fraction of the time of many.
// usage: node build.mjs [folder]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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

/** Runs a script of the output folder, and tells what it said if it fails. */
async function run(script, given, cwd = '.') {
  const child = spawn(process.execPath, [resolve(outdir, script), ...given], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (part) => (said += part))
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${script} ended with ${status}\n${said}`)
}

/** Runs a part of the build that is written in the program's own code. */
async function step(name, ...given) {
  await run(`${name}.js`, given)
  for (const end of ['js', 'js.map']) rmSync(join(outdir, `${name}.${end}`))
}

await step('write-library')
const scratch = mkdtempSync(join(tmpdir(), 'dcrc-build-'))
await Promise.all([
  step('record-code', 'pipelines/quickstart/quickstart.dcr', join(scratch, 'compiled')),
  // The paper's pipeline is planned in the program's own folder, where `keptFigures` finds it.
  run('main.js', ['plan', resolve('pipelines/dcr.dcr')], outdir),
])
rmSync(scratch, { recursive: true })
// A project's cache is no part of its repository; this one is a part of the package.
rmSync(join(outdir, '.dcrc/cache/plans/.gitignore'))
