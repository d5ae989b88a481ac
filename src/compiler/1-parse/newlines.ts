import type { IToken, TokenType } from 'chevrotain'
import { facts } from './brackets.js'
import * as t from './tokens.js'

/*
 * Where a newline separates. One rule: outside of `(` and `[`, it separates where the token before it can end and the
 * one after it cannot continue an expression. The parser reads as far as it can; so all that has to be said is which
 * tokens do not continue the line above, though they could go on with it were they not the first of theirs:
 *
 * - `(`, `[` and `-` begin something new. A call or an index stands directly behind what it belongs to.
 * - `cached` is a word where a value follows it, apart, on its line, else a name.
 * - `of`, `like`, `from`, `as`, `every` and `rows` continue where a value follows them on their line, else they are names.
 *
 * All others are what they always are: `+`, `.`, `else`, `with` can only continue, `x`, `fn`, `1` only begin.
 */

const continuing: ReadonlyMap<TokenType, TokenType> = new Map([
  [t.LeftParen, t.CallParen],
  [t.LeftSquare, t.IndexSquare],
  [t.Minus, t.BinaryMinus],
])
const linking: ReadonlySet<TokenType> = new Set([t.Of, t.Like, t.From, t.As, t.Every, t.Rows])
const valueStarts: ReadonlySet<TokenType> = new Set(
  [
    [t.Int, t.Float, t.Quantity, t.Text, t.True, t.False, t.None],
    [t.LeftParen, t.LeftSquare, t.LeftCurly, t.Minus, t.Not, t.If, t.Match, t.Draw, t.Fn],
  ].flat(),
)

/** Retags the tokens of a file, whose brackets are known, by whether they continue what stands before them. */
export function markContinuing(tokens: readonly IToken[]): void {
  for (const [i, token] of tokens.entries()) {
    const { first, around } = facts(token)
    const begins = first && (around === undefined || around.tokenType === t.LeftCurly)
    const special = continuing.get(token.tokenType)
    if (special) {
      const apart = special !== t.BinaryMinus && tokens[i - 1]?.endOffset !== token.startOffset - 1
      if (!begins && !apart) retag(token, special)
    } else if (begins && linking.has(token.tokenType) && !startsValue(tokens[i + 1])) {
      retag(token, t.Identifier)
    } else if (token.image === 'cached' && keepsValue(token, tokens[i + 1])) {
      retag(token, t.Cached)
    }
  }
}

/** Whether a token that stands on the line of the one before it may begin a value. */
function startsValue(token: IToken | undefined): boolean {
  if (token === undefined || facts(token).first) return false
  return valueStarts.has(token.tokenType) || token.tokenType.CATEGORIES?.includes(t.Name) === true
}

/** Whether `cached` stands before a value. What could go on with a name does. */
function keepsValue(token: IToken, next: IToken | undefined): boolean {
  if (next === undefined || next.startOffset === (token.endOffset ?? 0) + 1) return false
  return startsValue(next) && !linking.has(next.tokenType) && !goingOn.has(next.tokenType)
}

const goingOn: ReadonlySet<TokenType> = new Set([t.LeftCurly, t.Minus, t.If])

function retag(token: IToken, type: TokenType): void {
  token.tokenType = type
  token.tokenTypeIdx = type.tokenTypeIdx ?? token.tokenTypeIdx
}
