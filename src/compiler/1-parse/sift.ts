import { tooDeep, tooManyProblems } from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic } from '../../diagnostics/diagnostic.js'

const most = 100

/**
 * What a user is shown of all that scanner and parser found, in the order of the file: of the parser's problems one a
 * line, since those after the first on a line mostly follow from it.
 */
export function sift(
  text: string,
  scanned: readonly Diagnostic[],
  parsed: readonly Diagnostic[],
): Diagnostic[] {
  const lineOf = lineCounter(text)
  const lines = new Set(scanned.map((d) => lineOf(d.span.start)))
  const kept = [...scanned]
  for (const problem of [...parsed].sort(byPlace)) {
    const line = lineOf(problem.span.start)
    // What ended the reading is always told.
    if (!lines.has(line) || problem.code === tooDeep.code) kept.push(problem)
    lines.add(line)
  }
  kept.sort(byPlace)
  const beyond = kept[most]
  return beyond ? [...kept.slice(0, most), tooManyProblems(beyond.span, { count: kept.length - most })] : kept
}

const byPlace = (a: Diagnostic, b: Diagnostic): number => a.span.start - b.span.start

/** Counts line breaks by binary search over their offsets. */
function lineCounter(text: string): (offset: number) => number {
  const breaks: number[] = []
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) breaks.push(i)
  return (offset) => {
    let low = 0
    let high = breaks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((breaks[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
