import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../src/compiler/index.js'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.js'
import { mutate, randomOf } from '../syntax/mutate.js'
import { type Source, sourcesIn } from '../syntax/sources.js'
import { analyzeSources, shown } from './analyze.js'

/** How many broken sources are analysed; `DCRC_FUZZ` asks for more. */
const count = Number(process.env['DCRC_FUZZ'] ?? 2000)
const firstSeed = Number(process.env['DCRC_FUZZ_SEED'] ?? 1)

const all = sourcesIn('pipelines', 'test/check/samples')
const beside = (path: string): Record<string, string> => {
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const files = all.filter((s) => s.path.startsWith(folder) && !s.path.slice(folder.length).includes('/'))
  return Object.fromEntries(files.map((s) => [s.path.slice(folder.length), s.text]))
}
/** Large pipelines cost more and are taken less often. */
const sources = all.filter(({ text }) => text.length < 2500)
const largeSources = all.filter(({ text }) => text.length >= 2500)

function isInside({ span, labels }: Diagnostic, texts: ReadonlyMap<string, string>): boolean {
  return [span, ...labels.map((label) => label.span)].every(({ file, start, end }) => {
    const text = texts.get(file)
    return text !== undefined && 0 <= start && start <= end && end <= text.length
  })
}

/** The files that a changed one is analysed with, it first. */
function filesOf(path: string, text: string): Record<string, string> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return { [name]: text, ...Object.fromEntries(Object.entries(beside(path)).filter(([n]) => n !== name)) }
}

function timed(files: Readonly<Record<string, string>>): { analysis: Analysis; seconds: number } {
  const begin = process.cpuUsage()
  const analysis = analyzeSources(files)
  return { analysis, seconds: process.cpuUsage(begin).user / 1e6 }
}

/** A pipeline of the paper's size takes its time unbroken too; a break may not make it hang. */
const limits = new Map<string, number>()
function limitOf(path: string, text: string): number {
  const known = limits.get(path)
  if (known !== undefined) return known
  const limit = Math.max(1, 2 * timed(filesOf(path, text)).seconds)
  limits.set(path, limit)
  return limit
}

/** Analyses a changed file among those beside it, and says how that misbehaved. */
function fault({ path, text: unbroken }: Source, text: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const files = filesOf(path, text)
  const { analysis, seconds } = timed(files)
  // measured again where it took long, for a machine that was busy with something else
  if (seconds > 1 && seconds > limitOf(path, unbroken) && timed(files).seconds > limitOf(path, unbroken))
    return `takes ${seconds} seconds`
  const { diagnostics, lowered, program } = analysis
  const texts = new Map([...program.files].map(([p, file]) => [p, file.text]))
  if (!texts.has(name)) texts.set(name, text)
  if (!diagnostics.every((d) => isInside(d, texts))) return 'has a span outside of its file'
  if (diagnostics.some((d) => /undefined|NaN|\[object/.test(`${d.message} ${d.help ?? ''}`)))
    return `has a message with a hole: ${diagnostics.map((d) => `${d.message} ${d.help ?? ''}`).join('; ')}`
  if (shown(files, analysis) === '' && !lowered) return 'neither lowers nor says why'
  return undefined
}

describe('broken pipelines', () => {
  const parts = 5
  for (let part = 0; part < parts; part++) {
    it(`are refused in time and never crash (${part + 1} of ${parts})`, () => {
      const faults: string[] = []
      for (let i = part; i < count; i += parts) {
        const random = randomOf(firstSeed + i)
        const from = random(20) === 0 ? largeSources : sources
        const source = from[random(from.length)]
        if (!source) continue
        let found: string | undefined
        try {
          found = fault(source, mutate(source.text, random))
        } catch (error) {
          found = `throws ${error instanceof Error ? (error.stack ?? '').split('\n').slice(0, 4).join(' ') : String(error)}`
        }
        if (found !== undefined) faults.push(`seed ${firstSeed + i}, from ${source.path}: ${found}`)
      }
      expect(faults.slice(0, 10)).toEqual([])
    }, 600_000)
  }
})
