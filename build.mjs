// Bundles the command line with its libraries: a command loads a few files, which hold what it needs and no more.
// usage: node build.mjs [folder]
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { build } from 'esbuild'

const outdir = process.argv[2] ?? 'dist/cli'
rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: { main: 'src/cli/launch.ts', worker: 'src/runtime/worker.ts', 'host-worker': 'src/runtime/host-worker.ts' },
  outdir,
  bundle: true,
  format: 'esm',
  splitting: true,
  platform: 'node',
  target: 'node20',
  // Native code.
  external: ['onnxruntime-node', 'koffi', 'sharp'],
  // Libraries in CommonJS ask for Node's modules by `require`.
  banner: {
    js: "import{createRequire as require_}from'node:module';const require=require_(import.meta.url);",
  },
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})
execFileSync(process.execPath, ['--import', 'tsx', 'src/cli/write-library.ts', outdir], { stdio: 'inherit' })
