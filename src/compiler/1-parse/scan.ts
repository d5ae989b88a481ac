import { Lexer, type IToken } from 'chevrotain'
import { foreignComment, unexpectedCharacter } from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import { relate } from './brackets.js'
import { misspelling } from './mistakes.js'
import { markContinuing } from './newlines.js'
import type { Comment } from './syntax.js'
import * as t from './tokens.js'

export interface Scan {
  readonly tokens: IToken[]
  readonly comments: readonly Comment[]
  readonly diagnostics: readonly Diagnostic[]
}

let lexer: Lexer | undefined
const theLexer = (): Lexer =>
  (lexer ??= new Lexer([...t.vocabulary], { positionTracking: 'full', skipValidations: true }))

/** Splits the text into tokens, tells which of them may continue the line before, and reports what is no token. */
export function scan(path: string, text: string): Scan {
  const { tokens, groups, errors } = theLexer().tokenize(text)
  const diagnostics: Diagnostic[] = []
  for (const { offset, length } of errors) {
    const span = { file: path, start: offset, end: offset + length }
    diagnostics.push(unexpectedCharacter(span, { text: text.slice(offset, offset + length) }))
  }
  for (const token of groups['mistakes'] ?? []) {
    const span = spanOf(path, token)
    diagnostics.push(foreignComment(span, { opener: token.image.startsWith('#') ? '#' : '/*' }))
  }
  for (const token of tokens) diagnostics.push(...misspelling(token, spanOf(path, token)))
  relate(tokens)
  markContinuing(tokens)
  const comments = (groups['comments'] ?? []).map((token) => ({
    text: token.image,
    span: spanOf(path, token),
  }))
  return { tokens, comments, diagnostics }
}

export function spanOf(file: string, token: IToken): Span {
  return { file, start: token.startOffset, end: token.startOffset + token.image.length }
}
