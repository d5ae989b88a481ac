import type { Span } from '../../../diagnostics/diagnostic.js'
import type { SyntaxFile } from '../../1-parse/syntax.js'

/** Whether a word stands in the file behind an offset, outside of comments and of one declaration. */
export function mentions(file: SyntaxFile, word: string, from: number, outside?: Span): boolean {
  const isIn = (at: number, span: Span): boolean => span.start <= at && at < span.end
  for (const match of file.text.slice(from).matchAll(new RegExp(`(?<![\\w.])${word}\\b`, 'g'))) {
    const at = from + match.index
    if (file.comments.some((c) => isIn(at, c.span)) || (outside && isIn(at, outside))) continue
    return true
  }
  return false
}
