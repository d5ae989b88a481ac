import type { Span } from '../../diagnostics/diagnostic.js'
import { Lines } from '../../diagnostics/positions.js'
import type { Program } from './program.js'

/** `file:line:column` of places in the program; the many nodes of one call have one place. */
export function locator({ files }: Pick<Program, 'files'>): (span: Span) => string {
  const lines = new Map<string, Lines>()
  const known = new Map<Span, string>()
  const linesOf = (file: string): Lines | undefined => {
    const text = files.get(file)?.text
    const found = lines.get(file) ?? (text === undefined ? undefined : new Lines(text))
    if (found) lines.set(file, found)
    return found
  }
  return (span) => {
    const { file, start } = span
    const before = known.get(span)
    if (before !== undefined) return before
    const { line, column } = linesOf(file)?.positionOf(start) ?? { line: 1, column: 1 }
    const place = `${file}:${line}:${column}`
    known.set(span, place)
    return place
  }
}
