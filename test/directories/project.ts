import { type Analysis, analyze } from '../../src/compiler/analyze.js'
import type { Files } from '../../src/compiler/2-resolve/program.js'
import { sha256 } from '../../src/graph/sha256.js'
import { render } from '../../src/diagnostics/render.js'
import { readLibrary } from '../check/analyze.js'

/** A project in memory: `main.dcr`, and files that are not sources, by path. */
export function project(source: string, others: Readonly<Record<string, string>>): Files {
  const texts = new Map([['main.dcr', source]])
  const bytes = (path: string): Uint8Array => new TextEncoder().encode(others[path] ?? '')
  const isThere = (path: string): boolean =>
    others[path] !== undefined || Object.keys(others).some((other) => other.startsWith(`${path}/`))
  return {
    texts,
    read: (path) => texts.get(path) ?? (path.startsWith('std/') ? readLibrary(path) : undefined),
    binary: {
      locate: (from) => (isThere(from) ? from : undefined),
      stat: (path) => (isThere(path) ? { real: `/${path}`, size: bytes(path).length } : undefined),
      bytes: (path, start, length) => bytes(path).subarray(start, start + length),
      sha256: (path) => sha256(others[path] ?? ''),
    },
  }
}

/** A pipeline that trains something beside models that stand there for their declarations alone. */
export const withModels = (uses: string, models: string): string => `use std.nn { Linear }
${uses}
pipeline p {
  ${models}
  model small = Linear(2, 3)
  stage s { train small; minimize mean(square(small(draw normal of [4, 2]))); optimizer sgd(lr = 0.1); steps 2 }
}
`

/** What is found, without what is said of names that nothing reads. */
export function found(files: Files): Analysis {
  const analysis = analyze({ entry: 'main.dcr', files })
  return { ...analysis, diagnostics: analysis.diagnostics.filter((d) => !d.code.startsWith('name/unused')) }
}

export const messages = (files: Files): string[] =>
  found(files).diagnostics.map((d) => `${d.code}: ${d.message}`)

/** What a user reads. */
export const shown = (files: Files): string => {
  const { diagnostics } = found(files)
  return render(diagnostics, files.texts ?? new Map(), { color: false, width: 100 })
}
