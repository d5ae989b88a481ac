import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/*
 * Aim: the compiler needs no Node: its bundle for a browser, in a context that has JavaScript and nothing else, compiles
 * the quickstart as Node does.
 */
test('the compiler compiles the quickstart in a context without Node', async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export { compile } from './src/compiler/index.js'", resolveDir: root },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'compiler',
    logLevel: 'silent',
  })
  const bundle = outputFiles[0]?.text ?? ''
  const library = readdirSync(join(root, 'pipelines/std')).map((name) => `std/${name}`)
  const quickstart = ['quickstart.dcr', 'models.dcr'].map((name) => `pipelines/quickstart/${name}`)
  const files = Object.fromEntries([
    ...library.map((path) => [path, readFileSync(join(root, 'pipelines', path), 'utf8')]),
    ...quickstart.map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  ]) as Record<string, string>
  const script = `
    ${bundle};
    const files = ${JSON.stringify(files)};
    const { artefact, diagnostics } = compiler.compile({
      entry: ${JSON.stringify(quickstart[0])},
      files: { library: () => ${JSON.stringify(library)}, read: (path) => files[path] },
    });
    JSON.stringify({ hash: artefact?.manifest.hash, messages: diagnostics.map((d) => d.code + ' ' + d.message) })`
  // of browsers, and no part of JavaScript itself
  const bare = createContext(
    { TextEncoder, TextDecoder },
    { codeGeneration: { strings: false, wasm: false } },
  )
  runInContext('globalThis.self = globalThis', bare)
  const inBrowser = JSON.parse(String(runInContext(script, bare))) as { hash?: string; messages: string[] }

  const { compile } = await import('../../src/compiler/index.js')
  const { artefact } = compile({
    entry: quickstart[0] ?? '',
    files: { library: () => library, read: (path) => files[path] },
  })
  expect(inBrowser.messages).toEqual([])
  expect(inBrowser.hash).toBe(artefact?.manifest.hash)
})
