import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'

/**
 * Diagnostics of a text, moved to where the same characters stand in a newer one; those that touch what has changed are
 * left out. They stand in for what has not been checked again yet.
 */
export function carryOver(
  diagnostics: readonly Diagnostic[],
  file: string,
  before: string,
  after: string,
): readonly Diagnostic[] {
  if (before === after) return diagnostics
  let start = 0
  const shorter = Math.min(before.length, after.length)
  while (start < shorter && before[start] === after[start]) start++
  let tail = 0
  while (tail < shorter - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  const end = before.length - tail
  const by = after.length - before.length
  const moved = (span: Span): Span | undefined => {
    if (span.file !== file || span.end < start) return span
    return span.start > end ? { file, start: span.start + by, end: span.end + by } : undefined
  }
  return diagnostics.flatMap((d) => {
    const span = moved(d.span)
    const labels = d.labels.flatMap((label) => {
      const at = moved(label.span)
      return at ? [{ ...label, span: at }] : []
    })
    // a fix is offered again with the next check
    const { fix: _, ...rest } = d
    return span ? [{ ...rest, span, labels }] : []
  })
}
