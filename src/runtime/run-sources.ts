import { z } from 'zod'
import type { Span } from '../diagnostics/diagnostic.js'
import { seal, unseal } from '../sealed.js'

/** The user's own files that a pipeline was compiled from, by path. */
export type RunSources = ReadonlyMap<string, string>

/** The file of a run that holds them, so that a pipeline that has changed since can be compared line by line. */
export const sourcesFile = 'sources.json'

const schema = z.strictObject({ version: z.literal(1), files: z.record(z.string(), z.string()) })

export const sealedSources = (sources: RunSources): string =>
  seal({ version: 1, files: Object.fromEntries(sources) })

/** What the file holds; undefined where it is not as it was written. */
export function sourcesIn(text: string): RunSources | undefined {
  const { data } = schema.safeParse(unseal(text))
  return data && new Map(Object.entries(data.files))
}

/** Those of the files that were read that are the user's own; undefined where none are at hand. */
export function ownSources(texts: RunSources = new Map()): RunSources | undefined {
  const own = [...texts].filter(([path]) => path.endsWith('.dcr') && !path.startsWith('std/'))
  return own.length === 0 ? undefined : new Map(own)
}

/** They as one text. */
export const textOf = (sources: RunSources): string =>
  [...sources].map(([path, text]) => `// ${path}\n${text}`).join('\n')

/** By which lines sources differ: one that is new, and those that are gone. */
export interface ChangedLines {
  readonly added: Span | undefined
  readonly gone: readonly { readonly at: string; readonly text: string }[]
}

/** Of the lines that are new the one that shares most words with what is told of, of equal ones the first. */
export function changedLines(was: RunSources, now: RunSources, about = ''): ChangedLines {
  const before = linesOf(was)
  const after = linesOf(now)
  const without = (lines: readonly Line[], others: readonly Line[]): readonly Line[] => {
    const there = new Set(others.map(({ text }) => text))
    return lines.filter(({ text }) => !there.has(text))
  }
  const told = wordsOf(about)
  const shared = ({ text }: Line): number => wordsOf(text).filter((word) => told.includes(word)).length
  const [best] = [...without(after, before)].sort((a, b) => shared(b) - shared(a))
  return {
    added: best && { file: best.file, start: best.start, end: best.start + best.text.length },
    gone: without(before, after).map(({ file, line, text }) => ({ at: `${file}:${line}`, text })),
  }
}

const wordsOf = (text: string): readonly string[] => [...new Set(text.match(/[\p{L}\p{N}_]+/gu))]

interface Line {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** The offset at which its text starts. */
  readonly start: number
  readonly text: string
}

/** Lines that say something. */
function linesOf(sources: RunSources): readonly Line[] {
  return [...sources].flatMap(([file, content]) => {
    let offset = 0
    return content.split('\n').flatMap((whole, k): Line[] => {
      const text = whole.trim()
      const start = offset + whole.indexOf(text)
      offset += whole.length + 1
      return text === '' || text.startsWith('//') ? [] : [{ file, line: k + 1, start, text }]
    })
  })
}
