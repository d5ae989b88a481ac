// Bundles the client with its libraries, and takes the grammar and the licence from the repository.
import { copyFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

mkdirSync(here('dist'), { recursive: true })
copyFileSync(here('../../grammar/dcr.tmLanguage.json'), here('dist/dcr.tmLanguage.json'))
copyFileSync(here('../../LICENSE'), here('LICENSE'))
await build({
  absWorkingDir: here('.'),
  entryPoints: ['client.ts'],
  outfile: 'dist/client.js',
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // What the editor itself gives.
  external: ['vscode'],
  logLevel: 'warning',
})
