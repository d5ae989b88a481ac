import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../src/diagnostics/catalogue/index.js'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.js'
import { type Sources, analyzeAblationsOf, analyzeSources, checkLibrary, shown } from './analyze.js'

const folder = fileURLToPath(new URL('samples', import.meta.url))

/** A sample is one file, or a folder whose `main.dcr` is the entry. */
function sourcesOf(entry: string): Sources {
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8')
  if (entry.endsWith('.dcr')) return { [entry]: read(entry) }
  const names = readdirSync(join(folder, entry)).filter((name) => name.endsWith('.dcr'))
  const others = names.filter((name) => name !== 'main.dcr')
  return Object.fromEntries(['main.dcr', ...others].map((name) => [name, read(`${entry}/${name}`)]))
}

/** Codes that no text of a pipeline alone can show, and where each is tested. */
const elsewhere: Readonly<Record<string, string>> = {
  'target/unknown': 'cli/commands.test.ts: needs --target',
  'target/no-kernel': 'targets/second-target.test.ts: needs a target that lacks kernels',
  'target/precision': 'targets/narrow.test.ts: needs --target',
  'target/no-device': 'cli/doctor.test.ts: needs --target and a machine',
  'target/cannot-install': 'doctor/install-provider.test.ts: needs --install',
  'ablation/set': 'experiments/ablation.test.ts: needs --set',
  'ablation/same': 'experiments/ablation.test.ts: needs compiled variants',
  'ablation/option': 'experiments/ablation.test.ts: needs --stage',
  'pipeline/chain': 'limits.test.ts: needs a chain of many pipelines',
  'pipeline/unknown-param': 'settings.test.ts: needs --set',
  'pipeline/bad-param': 'settings.test.ts: needs --set',
  'stage/memory': 'plan/budget.test.ts: needs the graphs of a step',
  'model/absent': 'directories/mistakes.test.ts: needs a folder of weights that is not there',
}
/** Of other phases, or about the directory of a model: those are in test/directories. */
const otherPhases = [
  'syntax/',
  'file/',
  'run/',
  'data/missing',
  'weights/',
  'config/',
  'tokenizer/',
  'fetch/',
  'store/',
  'experiment/',
  'adapter/file',
  'adapter/mismatch',
  'adapter/biases-lost',
]

const samples = readdirSync(folder)
  .filter((name) => !name.endsWith('.txt'))
  .sort()

const analyzed = samples.map((entry) => {
  const sources = sourcesOf(entry)
  const ablations = entry.startsWith('ablation-')
  const analysis = ablations
    ? analyzeAblationsOf(sources)
    : entry.startsWith('library-')
      ? checkLibrary(sources)
      : analyzeSources(sources)
  return { name: entry.replace(/\.dcr$/, ''), entry, sources, analysis }
})

function isInside({ span, labels }: Diagnostic, texts: ReadonlyMap<string, string>): boolean {
  return [span, ...labels.map((label) => label.span)].every(({ file, start, end }) => {
    const text = texts.get(file)
    return text !== undefined && 0 <= start && start <= end && end <= text.length
  })
}

describe('what a user reads about a mistake', () => {
  for (const { name, entry, sources, analysis } of analyzed) {
    it(name, async () => {
      const file = entry === name ? `${name}/main.txt` : `${name}.txt`
      await expect(shown(sources, analysis)).toMatchFileSnapshot(join(folder, file))
      const { diagnostics, program } = analysis
      expect(diagnostics.length).toBeGreaterThan(0)
      const texts = new Map([...program.files].map(([path, { text }]) => [path, text]))
      for (const d of diagnostics) {
        expect(isInside(d, texts)).toBe(true)
        // the user's own text is at fault, never the library's
        expect(d.span.file.startsWith('std/')).toBe(false)
        expect([d.message, d.help, d.why].join(' ')).not.toMatch(/undefined|NaN|\[object/)
      }
    })
  }
})

it('every code that a source can show has a sample', () => {
  const seen = new Set(analyzed.flatMap(({ analysis }) => analysis.diagnostics.map((d) => d.code)))
  const wanted = [...kinds.values()].filter(
    ({ code }) => !otherPhases.some((phase) => code.startsWith(phase)) && !(code in elsewhere),
  )
  expect(wanted.map(({ code }) => code).filter((code) => !seen.has(code))).toEqual([])
})
