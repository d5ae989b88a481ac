import type { IToken, TokenType } from 'chevrotain'
import * as t from './tokens.js'

/** What the parser knows about a token besides its kind; stands in the token's payload. */
export interface TokenFacts {
  /** First token of its line. */
  readonly first: boolean
  /** Brackets open around it; a bracket counts as outside of itself. */
  readonly depth: number
  /** The innermost bracket around it; of a closing bracket, the one that it closes. */
  readonly around: IToken | undefined
  /** Of an opening bracket: the token that closes it. */
  close?: IToken
  /** Of an opening bracket: it belongs to an index, in which ranges may be open. Set by the parser. */
  index?: true
}

export const facts = (token: IToken): TokenFacts => token.payload as TokenFacts

/** The opening kind for every closing one. */
export const openingOf: ReadonlyMap<TokenType, TokenType> = new Map([
  [t.RightParen, t.LeftParen],
  [t.RightSquare, t.LeftSquare],
  [t.RightCurly, t.LeftCurly],
])
const openers: ReadonlySet<TokenType> = new Set(openingOf.values())
const general: ReadonlyMap<TokenType, TokenType> = new Map([
  [t.CallParen, t.LeftParen],
  [t.IndexSquare, t.LeftSquare],
  [t.BinaryMinus, t.Minus],
])

const fileWords: ReadonlySet<TokenType> = new Set([t.Use, t.Module, t.RecordWord, t.Pipeline])
/** Declarations that may stand at the top of a file. */
const anywhere: ReadonlySet<TokenType> = new Set([...fileWords, t.Fn, t.Let])
const itemWords: ReadonlySet<TokenType> = new Set([t.Fn, t.Let, t.Override, t.Remove])
const softItemWords: ReadonlySet<TokenType> = new Set([
  t.Param,
  t.Data,
  t.Model,
  t.Loss,
  t.Stage,
  t.Evaluate,
  t.Adapter,
  t.State,
  t.Next,
  t.Export,
  t.Allow,
])
const softFileWords: ReadonlySet<TokenType> = new Set([t.Ablation])
/** Words that go on with an expression; what is named by them is rarely declared. */
const infixes: readonly TokenType[] = [
  t.Of,
  t.Like,
  t.As,
  t.From,
  t.Every,
  t.Rows,
  t.After,
  t.Except,
  t.Where,
]
const names: ReadonlySet<TokenType> = new Set(
  t.vocabulary.filter((type) => type.CATEGORIES?.includes(t.Name) && !infixes.includes(type)),
)

/** Whether `token` starts a declaration of a file or pipeline, judged by the word itself and the one after it. */
export function opensDeclaration(token: IToken, next: IToken | undefined): boolean {
  const type = token.tokenType
  // `fn(x) = e` is a value
  if (type === t.Fn && next !== undefined && kind(next) === t.LeftParen) return false
  if (fileWords.has(type) || itemWords.has(type)) return true
  if (!(softItemWords.has(type) || softFileWords.has(type)) || next === undefined) return false
  return names.has(next.tokenType) && next.startLine === token.startLine
}

/** The bracket kind as written, whether or not it was marked as continuing an expression. */
export const kind = (token: IToken): TokenType => general.get(token.tokenType) ?? token.tokenType

/**
 * Finds the partner of every bracket. Where brackets do not match, words and indentation tell which of them was
 * forgotten.
 */
export function relate(tokens: readonly IToken[]): void {
  if (!new Matching(tokens, false).run()) new Matching(tokens, true).run()
}

interface Open {
  readonly token: IToken
  /** The column in which the line of the bracket starts. */
  readonly indentation: number
}

class Matching {
  private readonly open: Open[] = []
  private whole = true

  constructor(
    private readonly tokens: readonly IToken[],
    private readonly guess: boolean,
  ) {}

  /** Sets the facts of all tokens; whether every bracket has its partner. */
  run(): boolean {
    let line = 0
    let indentation = 0
    for (const [i, token] of this.tokens.entries()) {
      const first = token.startLine !== line
      line = token.endLine ?? line
      if (first) {
        indentation = token.startColumn ?? 1
        if (this.guess) this.forget(token, this.tokens[i + 1])
      }
      const closed = openingOf.has(token.tokenType) ? this.close(token) : undefined
      const around = closed ?? this.open.at(-1)?.token
      token.payload = { first, depth: this.open.length, around } satisfies TokenFacts
      if (openers.has(token.tokenType)) this.open.push({ token, indentation })
    }
    return this.whole && this.open.length === 0
  }

  /** A word that starts a declaration never stands in `(` or `[`, nor less indented than the `{` around it. */
  private forget(token: IToken, next: IToken | undefined): void {
    if (!opensDeclaration(token, next)) return
    // What only a pipeline holds leaves the outermost braces open, however badly it is indented.
    const outermost = anywhere.has(token.tokenType) || softFileWords.has(token.tokenType) ? 0 : 1
    for (let last = this.open.at(-1); last; last = this.open.at(-1)) {
      const outside = last.indentation >= (token.startColumn ?? 1) && this.open.length > outermost
      if (last.token.tokenType === t.LeftCurly && !outside) return
      this.open.pop()
    }
  }

  private close(token: IToken): IToken | undefined {
    const opening = openingOf.get(token.tokenType)
    let i = this.open.length - 1
    while (i >= 0 && this.open[i]?.token.tokenType !== opening) {
      // A `}` closes whatever was left open inside its block; `)` and `]` never reach out of a block.
      if (opening !== t.LeftCurly && this.open[i]?.token.tokenType === t.LeftCurly) break
      i--
      this.whole = false
    }
    const opener = this.open[i]?.token
    if (opener === undefined || opener.tokenType !== opening) {
      this.whole = false
      return undefined
    }
    facts(opener).close = token
    this.open.length = i
    return opener
  }
}
