import {
  EmbeddedActionsParser,
  type IToken,
  type ITokenGrammarPath,
  type ParserMethod,
  type TokenType,
} from 'chevrotain'
import {
  expected,
  missingExpression,
  reservedWord,
  tooDeep,
  type Place,
} from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import { facts, kind, openingOf, opensDeclaration, type TokenFacts } from './brackets.js'
import { FirstSets } from './lookahead.js'
import { spanOf } from './scan.js'
import type { Expression, Identifier } from './syntax.js'
import * as t from './tokens.js'

export type Rule<T> = ParserMethod<[], T>

/** Nested expressions, types and patterns deeper than this are refused: the phases walk the tree recursively. */
const maxNesting = 100
/** Operators or calls in a row, each a level of the tree. */
const maxChain = 500
/** Open rules that are looked at for what may follow a token: some levels of brackets. */
const maxOpenRules = 40
/** After this many problems the rest of the file is not read. */
const maxProblems = 200

/** Leaves the parse where going on makes no sense; what was read so far is kept. */
export class Abandon extends Error {}

/** Signs that people mix up between a name and its value. */
const connectives: readonly TokenType[] = [t.Equals, t.Colon, t.FatArrow, t.Arrow, t.EqualEqual]

/** What the parts of the grammar share: spans, problems found by hand, and recovery that keeps the tree whole. */
export abstract class ParserBase extends EmbeddedActionsParser {
  protected file = ''
  protected source = ''
  protected problems: Diagnostic[] = []
  private nesting = 0
  private failures = 0

  protected constructor(validate: boolean) {
    super([...t.vocabulary], {
      recoveryEnabled: true,
      skipValidations: !validate,
      lookaheadStrategy: new FirstSets(),
      maxLookahead: 1,
      errorMessageProvider: {
        // The words are made in words.ts; an error only carries what was expected.
        buildMismatchTokenMessage: ({ expected }) => expected.name,
        buildNoViableAltMessage: ({ ruleName }) => ruleName,
        buildEarlyExitMessage: ({ ruleName }) => ruleName,
        buildNotAllInputParsedMessage: ({ ruleName }) => ruleName,
      },
    })
  }

  /** A rule whose failure is the failure of the rule around it. */
  protected part<A extends unknown[], T>(
    name: string,
    implementation: (...args: A) => T,
  ): ParserMethod<A, T> {
    return this.RULE(name, implementation, { resyncEnabled: false })
  }

  /** A rule of an item in a list: when it fails, it is left out and the list goes on. */
  protected item<A extends unknown[], T>(name: string, implementation: (...args: A) => T) {
    return this.RULE<(...args: A) => T | undefined>(name, implementation, {
      recoveryValueFunc: () => {
        this.countFailure()
        return undefined
      },
    })
  }

  /** Adds an item that could be read; whether it could. */
  protected keep<T>(list: T[], item: T | undefined): boolean {
    return this.ACTION(() => {
      if (item !== undefined) list.push(item)
      return item !== undefined
    })
  }

  /** A failed item ends where it failed: the list around it reports and skips what is left of it as junk. */
  protected findReSyncTokenType(): TokenType {
    return t.Any
  }

  protected isInCurrentRuleReSyncSet(): boolean {
    return true
  }

  protected reSyncTo(): IToken[] {
    return []
  }

  protected start(file: string, text: string, tokens: IToken[]): void {
    this.file = file
    this.source = text
    this.problems = []
    this.nesting = 0
    this.failures = 0
    this.input = tokens
  }

  /** From the start of `first` to the end of the last token that was read. */
  protected from(first: IToken | Span): Span {
    const start = 'file' in first ? first.start : first.startOffset
    return { file: this.file, start, end: Math.max(start, this.endOfLast()) }
  }

  protected endOfLast(): number {
    const last = this.LA(0)
    return last.image === '' ? 0 : last.startOffset + last.image.length
  }

  protected spanOf(token: IToken): Span {
    return spanOf(this.file, token)
  }

  /** Where the next token stands, or the end of the file. */
  protected here(): Span {
    const next = this.LA(1)
    if (next.image !== '') return this.spanOf(next)
    return { file: this.file, start: this.source.length, end: this.source.length }
  }

  protected identifier(token: IToken): Identifier {
    return { text: token.image, span: this.spanOf(token) }
  }

  protected report(problem: Diagnostic): void {
    this.problems.push(problem)
    this.countFailure()
  }

  private countFailure(): void {
    if (++this.failures > maxProblems) throw new Abandon()
  }

  /** The span for what is missing before the next token: that token, or the end of the line before it. */
  protected gap(): Span {
    const next = this.LA(1)
    if (!this.startsLine()) return this.spanOf(next)
    const end = this.endOfLast()
    return { file: this.file, start: end, end }
  }

  /** What is there instead of what is missing, in words. */
  protected place(): Place {
    if (this.startsLine() && this.LA(0).image !== '') return { after: found(this.LA(0)) }
    return { found: found(this.LA(1)) }
  }

  /** An expression that is not there, told once. */
  protected missing(): Expression {
    this.report(missingExpression(this.gap(), { place: this.place() }))
    return this.nothing()
  }

  /** Stands where no expression is. */
  protected nothing(): Expression {
    const { start } = this.gap()
    return { kind: 'missing', span: { file: this.file, start, end: start } }
  }

  /** Says what should stand before the next token. */
  protected want(what: string, help?: string): void {
    this.report(expected(this.gap(), { what, place: this.place(), help }))
  }

  protected next(type: TokenType, ahead = 1): boolean {
    return this.tokenIs(this.LA(ahead), type)
  }

  protected tokenIs(token: IToken, type: TokenType): boolean {
    return token.tokenType === type || type.categoryMatchesMap?.[token.tokenTypeIdx] === true
  }

  /** Refuses a tree that a long chain makes deeper than the phases after this one can walk. */
  protected allowDepth(depth: number): void {
    if (depth <= maxChain) return
    this.report(tooDeep(this.here(), undefined))
    throw new Abandon()
  }

  /** A node; while chevrotain records the grammar there is nothing to build it from. */
  protected make(build: () => Expression): Expression {
    return this.ACTION(build)
  }

  /** Runs `read` one level deeper; refuses to go on below the deepest level. */
  protected nested<T>(read: () => T): T {
    if (++this.nesting > maxNesting) {
      this.nesting = 0
      this.report(tooDeep(this.here(), undefined))
      throw new Abandon()
    }
    try {
      return read()
    } finally {
      this.nesting--
    }
  }

  /** Whether the next token is on another line than the last, or the file ends. */
  protected startsLine(): boolean {
    const next = this.LA(1)
    return next.image === '' || facts(next).first
  }

  /** Whether the next token starts a declaration, which no expression, name or list entry does. */
  protected atDeclaration(): boolean {
    const next = this.LA(1)
    return next.image !== '' && facts(next).first && opensDeclaration(next, this.LA(2))
  }

  /** Whether the list in braces that `open` began goes on: a declaration outside of it tells that `}` was forgotten. */
  protected goesOn(open: IToken): boolean {
    const next = this.LA(1)
    return next.image !== '' && next.tokenType !== t.RightCurly && facts(next).depth > facts(open).depth
  }

  /** Passes over tokens to the next line of the list that lies `depth` brackets deep, or to its end. */
  private skip(depth: number): void {
    for (let next = this.LA(1); next.image !== ''; next = this.LA(1)) {
      const { depth: at, first, around } = facts(next)
      const closing = around !== undefined && facts(around).close === next
      if (closing ? at < depth : at < depth || (at === depth && first)) return
      this.consume(9, t.Any)
    }
  }

  /** A name that is declared here. Where there is none, that is told and the name is empty. */
  protected readonly name: Rule<Identifier> = this.part('name', () =>
    this.OR([
      {
        GATE: () => !this.atDeclaration(),
        ALT: () => {
          const token = this.CONSUME(t.Word)
          return this.ACTION(() => {
            if (!this.tokenIs(token, t.Name))
              this.report(reservedWord(this.spanOf(token), { word: token.image }))
            return this.identifier(token)
          })
        },
      },
      { ALT: () => this.ACTION(() => this.missingName()) },
    ]),
  )

  protected missingName(): Identifier {
    this.want('a name')
    return { text: '', span: this.nothing().span }
  }

  /** Chevrotain asks this when a token is missing: a closing bracket is looked for or made up, others made up. */
  protected tryInRuleRecovery(expected: TokenType, follows: readonly TokenType[]): IToken {
    this.countFailure()
    const opening = openingOf.get(expected)
    if (opening) return this.skipToClosing(opening, expected) ?? this.getTokenToInsert(expected)
    const onLine = !this.startsLine()
    if (onLine && connectives.includes(expected) && connectives.includes(this.LA(1).tokenType)) {
      return this.consume(9, t.Any)
    }
    if (onLine && follows.some((type) => this.next(type))) return this.getTokenToInsert(expected)
    if (onLine && this.next(expected, 2)) {
      this.consume(9, t.Any)
      return this.consume(9, expected)
    }
    throw Object.assign(new Error(expected.name), { name: 'InRuleRecoveryException' })
  }

  /**
   * What may follow a missing token. Chevrotain walks the grammar down through all open rules, one call inside another,
   * which deep in brackets has no room left; what follows is known a few rules up.
   */
  protected override getNextPossibleTokenTypes(path: ITokenGrammarPath): TokenType[] {
    const { ruleStack, occurrenceStack } = path
    return super.getNextPossibleTokenTypes({
      ...path,
      ruleStack: ruleStack.slice(-maxOpenRules),
      occurrenceStack: occurrenceStack.slice(-maxOpenRules),
    })
  }

  /** A token that was not written: empty, at the end of what was read. */
  protected override getTokenToInsert(type: TokenType): IToken {
    const at = this.endOfLast()
    const token = {
      image: '',
      startOffset: at,
      endOffset: at,
      startLine: 0,
      startColumn: 0,
      endLine: 0,
      endColumn: 0,
    }
    // What follows a made-up opening bracket counts as its content.
    const depth = this.next(t.Any) ? facts(this.LA(1)).depth - 1 : 0
    const payload: TokenFacts = { first: false, depth, around: undefined }
    return {
      ...token,
      payload,
      tokenType: type,
      tokenTypeIdx: type.tokenTypeIdx ?? 0,
      isInsertedInRecovery: true,
    }
  }

  /** Repetitions end where their items end; what follows is for the rule around them to judge. */
  protected attemptInRepetitionRecovery = (): void => {}

  /** `item, item, ...` up to a closing bracket, with a comma allowed after the last. */
  protected separated<T>(item: Rule<T>, closing: TokenType): T[] {
    const items: T[] = []
    this.option(8, {
      GATE: () => !this.next(closing) && this.next(t.Any),
      DEF: () => {
        items.push(this.subrule(8, item))
        this.many(8, {
          GATE: () => this.next(t.Comma) && !this.next(closing, 2),
          DEF: () => {
            this.consume(8, t.Comma)
            items.push(this.subrule(9, item))
          },
        })
        this.option(9, () => this.consume(9, t.Comma))
      },
    })
    return items
  }

  /** Reports tokens that fit nothing and passes over them, to the next line that may start an item. */
  protected readonly junk: ParserMethod<[number?, string?], void> = this.part(
    'junk',
    (depth = 0, where = '') => {
      const first = this.CONSUME(t.Any)
      this.ACTION(() => {
        this.report(this.unexpected(first, where))
        // After the `let` of another language a statement can still be read.
        if (first.tokenType !== t.Let || where !== 'a block') this.skip(depth)
      })
    },
  )

  protected abstract unexpected(token: IToken, where: string): Diagnostic

  private skipToClosing(opening: TokenType, closing: TokenType): IToken | undefined {
    const opener = this.unclosed(opening)
    const close = opener && facts(opener).close
    if (!close) return undefined
    for (let i = 1; this.LA(i).image !== '' && this.LA(i) !== close; i++) {
      const token = this.LA(i)
      if (facts(token).first && opensDeclaration(token, this.LA(i + 1))) return undefined
    }
    while (this.LA(1) !== close && this.LA(1).image !== '') this.consume(9, t.Any)
    return this.consume(9, closing)
  }

  /** The nearest bracket of this kind before the next token that nothing has closed. */
  protected unclosed(opening: TokenType): IToken | undefined {
    let closed = 0
    for (let i = 0; this.LA(i).image !== ''; i--) {
      const token = this.LA(i)
      if (openingOf.get(token.tokenType) === opening) closed++
      else if (kind(token) === opening && closed-- === 0) return token
    }
    return undefined
  }
}

/** A token as a message names it. */
export function found(token: IToken): string {
  if (token.image === '') return 'the end of the file'
  const image = token.image.length > 30 ? `${token.image.slice(0, 30)}…` : token.image
  return '`' + image + '`'
}
