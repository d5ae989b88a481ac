import type { IToken } from 'chevrotain'
import { chainedComparison, looseNot } from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import type { BinaryOperator, Expression } from './syntax.js'

/** A sign before an operand, or an operator between two: operands and operators as they were read, in turn. */
export interface Operand {
  readonly prefixes: readonly IToken[]
  readonly value: Expression
}
export interface Operation {
  readonly first: Operand
  readonly rest: readonly { readonly operator: IToken; readonly operand: Operand }[]
}

/** How tightly operators bind; the formatter sets brackets by the same numbers. */
export const precedence = {
  or: 1,
  and: 2,
  not: 3,
  comparison: 4,
  range: 5,
  sum: 6,
  product: 7,
  minus: 8,
  power: 9,
  postfix: 10,
} as const

const binary: Readonly<Record<string, number>> = {
  or: precedence.or,
  and: precedence.and,
  ...Object.fromEntries(['==', '!=', '<', '<=', '>', '>='].map((o) => [o, precedence.comparison])),
  '..': precedence.range,
  '..=': precedence.range,
  '+': precedence.sum,
  '-': precedence.sum,
  '*': precedence.product,
  '/': precedence.product,
  '@': precedence.product,
  '**': precedence.power,
}
export const binds = (operator: string): number => binary[operator] ?? precedence.postfix

/** What foreign spellings mean; the scanner has reported them. */
const meant: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '!': 'not', '===': '==' }
const spelling = (token: IToken): string => meant[token.image] ?? token.image

/** Builds the tree of a chain of operators by precedence climbing. */
export class Fold {
  private at = 0
  private depth = 0

  /**
   * `outer` is the span of an operand with its brackets; `nest` refuses a chain whose tree would be deeper than it
   * allows.
   */
  constructor(
    private readonly operation: Operation,
    private readonly outer: (e: Expression) => Span,
    private readonly report: (problem: Diagnostic) => void,
    private readonly nest: (depth: number) => void,
  ) {}

  tree(): Expression {
    return this.climb(this.operation.first, 0, precedence.or)
  }

  private climb(operand: Operand, prefix: number, least: number): Expression {
    this.nest(++this.depth)
    let left = this.prefixed(operand, prefix, least)
    let whole = operand.prefixes.length === prefix
    for (let next = this.operation.rest[this.at]; next; next = this.operation.rest[this.at]) {
      const operator = spelling(next.operator)
      const level = binds(operator)
      if (level < least) break
      this.at++
      // `**` groups to the right, all others to the left.
      const right = this.climb(next.operand, 0, operator === '**' ? level : level + 1)
      if (
        level === precedence.comparison &&
        !whole &&
        left.kind === 'binary' &&
        binds(left.operator) === level
      ) {
        this.report(chainedComparison(this.span(this.outer(left).start, this.outer(right).end), undefined))
      }
      left = this.join(operator, next.operator, left, right)
      whole = false
    }
    this.depth--
    return left
  }

  private prefixed(operand: Operand, prefix: number, least: number): Expression {
    const sign = operand.prefixes[prefix]
    if (!sign) return operand.value
    const operator = spelling(sign) === 'not' ? 'not' : '-'
    if (operator === 'not' && least > precedence.not) {
      this.report(looseNot(this.span(sign.startOffset, sign.startOffset + sign.image.length), undefined))
    }
    const inside = this.climb(operand, prefix + 1, operator === 'not' ? precedence.not : precedence.minus)
    return {
      kind: 'unary',
      operator,
      operand: inside,
      span: this.span(sign.startOffset, this.outer(inside).end),
    }
  }

  private join(operator: string, token: IToken, left: Expression, right: Expression): Expression {
    const { start, end: leftEnd } = this.outer(left)
    const span = this.span(start, Math.max(leftEnd, this.outer(right).end))
    if (operator === '..' || operator === '..=') {
      const inclusive = operator === '..='
      const end = Math.max(span.end, token.startOffset + token.image.length)
      if (right.kind === 'missing') return { kind: 'range', start: left, inclusive, span: { ...span, end } }
      return { kind: 'range', start: left, end: right, inclusive, span }
    }
    return { kind: 'binary', operator: operator as BinaryOperator, left, right, span }
  }

  private span(start: number, end: number): Span {
    return { file: this.operation.first.value.span.file, start, end }
  }
}
