import type { Fix } from './diagnostic.js'

export interface Fixed {
  readonly text: string
  /** How many of the fixes were applied; one that overlaps another is left out. */
  readonly applied: number
}

/** Applies the fixes of one file, in the order given: one that touches what another has changed is refused. */
export function applyFixes(text: string, fixes: readonly Fix[]): Fixed {
  const taken: { readonly start: number; readonly end: number; readonly text: string }[] = []
  for (const { span, text: instead } of fixes) {
    const edit = { ...(instead === '' ? deletion(text, span.start, span.end) : span), text: instead }
    if (!taken.some((other) => overlap(edit, other))) taken.push(edit)
  }
  const fixed = [...taken]
    .sort((a, b) => b.start - a.start)
    .reduce((result, edit) => result.slice(0, edit.start) + edit.text + result.slice(edit.end), text)
  return { text: fixed, applied: taken.length }
}

interface Range {
  readonly start: number
  readonly end: number
}

/** Two insertions at one place overlap too: their order is not known. */
const overlap = (a: Range, b: Range): boolean =>
  (a.start < b.end && b.start < a.end) || (a.start === b.start && (a.start === a.end || b.start === b.end))

/** What goes when `start` to `end` is taken out: whole lines with the comments that document them, or the blanks behind. */
function deletion(text: string, start: number, end: number): Range {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const before = text.slice(lineStart, start)
  const behind = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0
  const rest = /^(?:\r?\n|$)/.exec(text.slice(end + behind))
  if (/^[ \t]*$/.test(before) && rest && end > start)
    return { start: documented(text, lineStart), end: end + behind + rest[0].length }
  return { start, end: /(?:^|\s)$/.test(before) ? end + behind : end }
}

/** Where the `///` lines directly above a line start. */
function documented(text: string, lineStart: number): number {
  let start = lineStart
  while (start > 0) {
    const above = text.lastIndexOf('\n', start - 2) + 1
    if (!/^[ \t]*\/\/\/(?!\/)/.test(text.slice(above, start))) break
    start = above
  }
  return start
}
