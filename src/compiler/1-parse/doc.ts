import type { Comment } from './syntax.js'

/** The text of the `///` lines directly above `offset`, without their slashes; other comments between end it. */
export function docComment(text: string, comments: readonly Comment[], offset: number): string | undefined {
  const lines: string[] = []
  let below = offset
  for (let i = lastBefore(comments, offset); i >= 0; i--) {
    const comment = comments[i]
    if (!comment || !isDoc(comment.text) || !directlyAbove(text, comment, below)) break
    lines.unshift(comment.text.slice(3).replace(/^ /, '').trimEnd())
    below = comment.span.start
  }
  return lines.length > 0 ? lines.join('\n') : undefined
}

/** `////` and more are rulers, not documentation. */
const isDoc = (comment: string): boolean => comment.startsWith('///') && !comment.startsWith('////')

/** On its own line, with nothing but one line break between it and what is below. */
function directlyAbove(text: string, { span }: Comment, below: number): boolean {
  return oneBreak.test(text.slice(span.end, below)) && ownLine(text, span.start)
}

/** What the lexer skips, but for line breaks; those are `\r\n`, `\r` and `\n`. */
const blank = /[ \t\f\v\u00a0\ufeff]/
const oneBreak = new RegExp(`^${blank.source}*(?:\\r\\n|\\r|\\n)${blank.source}*$`)
const emptyLine = new RegExp(`(?:\\n|\\r(?!\\n))${blank.source}*[\\r\\n]`)

/** Whether an empty line stands in what is between two things. */
export const hasEmptyLine = (between: string): boolean => emptyLine.test(between)

/** Whether only blanks stand before `offset` on its line. */
export function ownLine(text: string, offset: number): boolean {
  let i = offset - 1
  while (i >= 0 && blank.test(text[i] ?? '')) i--
  return i < 0 || text[i] === '\n' || text[i] === '\r'
}

function lastBefore(comments: readonly Comment[], offset: number): number {
  let low = 0
  let high = comments.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((comments[middle]?.span.start ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low - 1
}
