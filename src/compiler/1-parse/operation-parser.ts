import type { IToken, ParserMethod, TokenType } from 'chevrotain'
import type { Span } from '../../diagnostics/diagnostic.js'
import { Fold, type Operand } from './fold.js'
import { EntriesParser } from './entries-parser.js'
import type { Rule } from './parser-base.js'
import { facts } from './brackets.js'
import type { Argument, Expression, Identifier, Index, PairIndices } from './syntax.js'
import * as t from './tokens.js'

export interface FieldValue {
  readonly name: Identifier
  readonly value: Expression
}

const operators: readonly TokenType[] = [
  [t.Or, t.And, t.EqualEqual, t.NotEqual, t.Less, t.LessEqual, t.Greater, t.GreaterEqual],
  [t.RangeExclusive, t.RangeInclusive, t.Plus, t.BinaryMinus, t.Star, t.Slash, t.At, t.Power],
].flat()

/** Signs that people write for the `=` between a name and its value. */
const connectives: readonly TokenType[] = [t.Colon, t.FatArrow, t.Arrow, t.EqualEqual]

/**
 * Expressions from the loosest binding, `for i in n, j in m`, to the tightest, calls and indices.
 *
 * Alternatives of rules that every token passes through are made once, as fields.
 */
export abstract class OperationParser extends EntriesParser {
  /** Where expressions in brackets lie with their brackets, which parents count in and they themselves do not. */
  protected readonly bracketed = new WeakMap<Expression, Span>()

  private readonly outer = (e: Expression): Span => this.bracketed.get(e) ?? e.span

  /** From the start of `first`, its brackets included, to the end of the last token that was read. */
  protected fromOuter(first: Expression): Span {
    return this.from(this.outer(first))
  }

  protected abstract readonly primary: Rule<Expression>

  private readonly values = [
    { GATE: () => !this.atDeclaration(), ALT: () => this.SUBRULE(this.expression) },
    { ALT: () => this.make(() => this.missing()) },
  ]
  private readonly elements = [
    { GATE: () => !this.atDeclaration(), ALT: () => this.SUBRULE(this.operation) },
    { ALT: () => this.make(() => this.missing()) },
  ]

  /** An expression where one must stand; its absence is reported. */
  protected readonly value: Rule<Expression> = this.part('value', () => this.OR(this.values))

  /** The same without `for i in n`, for places where another `for` or a block follows. */
  protected readonly element: Rule<Expression> = this.part('element', () => this.OR(this.elements))

  /** `= value` of a declaration. What stands in its place, another sign or nothing, is told. */
  protected readonly initial = this.initialOf('initial', () => this.value)

  /** The same where `for` goes on with the declaration. */
  protected readonly initialElement = this.initialOf('initialElement', () => this.element)

  private initialOf(name: string, value: () => Rule<Expression>): ParserMethod<[form?: string], Expression> {
    return this.part(name, (form?: string) =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Equals)
            return this.SUBRULE(value())
          },
        },
        {
          GATE: () => !this.startsLine(),
          ALT: () => this.SUBRULE(this.mistakenInitial, { ARGS: form === undefined ? [] : [form] }),
        },
        {
          ALT: () =>
            this.make(() => {
              this.want('`=` and a value', form)
              return this.nothing()
            }),
        },
      ]),
    )
  }

  /** A value without `=`, or with another sign in its place. */
  protected readonly mistakenInitial: ParserMethod<[form?: string], Expression> = this.part(
    'mistakenInitial',
    (form?: string) => {
      this.ACTION(() => this.want('`=` and a value', form))
      this.OPTION(() => this.OR(connectives.map((sign) => ({ ALT: () => this.CONSUME(sign) }))))
      return this.SUBRULE(this.value)
    },
  )

  protected readonly expression: Rule<Expression> = this.part('expression', () => {
    const value = this.SUBRULE(this.operation)
    const over: PairIndices[] = []
    this.OPTION({
      GATE: () => this.atPairs(),
      DEF: () => {
        this.CONSUME(t.For)
        over.push(this.SUBRULE(this.pairIndices))
        this.MANY({
          GATE: () => this.atPairIndices(2),
          DEF: () => {
            this.CONSUME(t.Comma)
            over.push(this.SUBRULE1(this.pairIndices))
          },
        })
      },
    })
    return this.make(() => {
      if (over.length === 0) return value
      return { kind: 'pairs', value, over, span: this.fromOuter(value) }
    })
  })

  /** Whether `for` goes on with the expression before it: a loop of a block begins a line, and has one name. */
  private atPairs(): boolean {
    if (!this.next(t.For)) return false
    const { first, around } = facts(this.LA(1))
    const begins = first && (around === undefined || around.tokenType === t.LeftCurly)
    return this.next(t.Name, 2) && (this.next(t.Comma, 3) || (!begins && this.next(t.In, 3)))
  }

  /** Whether `i in` or `i, j in` stands from the next token but `ahead - 1` on; any other comma ends the expression. */
  private atPairIndices(ahead: number): boolean {
    let at = ahead
    while (this.next(t.Name, at) && this.next(t.Comma, at + 1)) at += 2
    return this.next(t.Name, at) && this.next(t.In, at + 1)
  }

  /** `i, j in n` */
  private readonly pairIndices: Rule<PairIndices> = this.part('pairIndices', () => {
    const names = [this.SUBRULE(this.name)]
    this.MANY(() => {
      this.CONSUME(t.Comma)
      names.push(this.SUBRULE1(this.name))
    })
    this.CONSUME(t.In)
    const count = this.SUBRULE(this.element)
    return this.ACTION(() => ({ names, count }))
  })

  private readonly operators = operators.map((type) => ({ ALT: () => this.CONSUME(type) }))

  /** A chain of operators; which binds tighter is decided by the fold, not by the grammar. */
  protected readonly operation: Rule<Expression> = this.part('operation', () =>
    this.nested(() => {
      const rest: { operator: IToken; operand: Operand }[] = []
      const first = this.SUBRULE(this.operand)
      this.MANY(() => {
        const operator = this.OR(this.operators)
        const operand = this.OR1([
          { GATE: () => !this.atDeclaration(), ALT: () => this.SUBRULE1(this.operand) },
          { ALT: () => this.ACTION((): Operand => ({ prefixes: [], value: this.absent(operator) })) },
        ])
        rest.push({ operator, operand })
      })
      return this.make(() => {
        if (rest.length === 0 && first.prefixes.length === 0) return first.value
        const report = this.report.bind(this)
        return new Fold({ first, rest }, this.outer, report, (depth) => this.allowDepth(depth)).tree()
      })
    }),
  )

  private readonly signs = [{ ALT: () => this.CONSUME(t.Minus) }, { ALT: () => this.CONSUME(t.Not) }]
  private readonly operands = [
    { ALT: () => this.SUBRULE(this.postfix) },
    { ALT: () => this.make(() => this.missing()) },
  ]

  private readonly operand: Rule<Operand> = this.part('operand', () => {
    const prefixes: IToken[] = []
    this.MANY(() => {
      prefixes.push(this.OR(this.signs))
    })
    const value = this.OR1(this.operands)
    return { prefixes, value }
  })

  /** The right side of an operator that is not there: no mistake after `..` inside an index. */
  private absent(operator: IToken): Expression {
    const ends = operator.tokenType === t.RangeExclusive && (this.next(t.RightSquare) || this.next(t.Comma))
    const around = ends ? facts(this.LA(1)).around : undefined
    return around && facts(around).index ? this.nothing() : this.missing()
  }

  protected readonly postfix: Rule<Expression> = this.part('postfix', () => {
    let value = this.SUBRULE(this.primary)
    let length = 0
    this.MANY(() => {
      this.ACTION(() => this.allowDepth(++length))
      value = this.SUBRULE(this.suffix, { ARGS: [value] })
    })
    return value
  })

  private readonly suffix = this.part('suffix', (object: Expression): Expression =>
    this.OR([
      {
        ALT: () => {
          const args = this.SUBRULE(this.arguments)
          return this.make(() => ({
            kind: 'call',
            callee: object,
            arguments: args,
            span: this.fromOuter(object),
          }))
        },
      },
      {
        ALT: () => {
          const indices = this.SUBRULE(this.indices)
          return this.make(() => ({ kind: 'index', object, indices, span: this.fromOuter(object) }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Dot)
          const token = this.CONSUME(t.Word)
          return this.make(() => {
            const name = this.identifier(token)
            return { kind: 'field', object, name, span: this.fromOuter(object) }
          })
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Question)
          return this.make(() => ({ kind: 'optional', operand: object, span: this.fromOuter(object) }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.With)
          const fields = this.SUBRULE(this.fields)
          return this.make(() => ({ kind: 'with', object, fields, span: this.fromOuter(object) }))
        },
      },
    ]),
  )

  /** `(x, axis = 1)` */
  protected readonly arguments: Rule<Argument[]> = this.part('arguments', () => {
    this.CONSUME(t.CallParen)
    const items = this.separated(this.argument, t.RightParen)
    this.CONSUME(t.RightParen)
    return items
  })

  private readonly argument: Rule<Argument> = this.part('argument', () => {
    const first = this.LA(1)
    const name = this.OPTION({
      GATE: () => this.next(t.Equals, 2),
      DEF: () => {
        const name = this.SUBRULE(this.name)
        this.CONSUME(t.Equals)
        return name
      },
    })
    const value = this.SUBRULE(this.value)
    return this.ACTION(() => ({ ...(name ? { name } : {}), value, span: this.from(first) }))
  })

  /** `{ a: x, b: y }` */
  protected readonly fields: Rule<FieldValue[]> = this.part('fields', () => {
    const fields: FieldValue[] = []
    this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ',',
      goesOn: () => this.next(t.Word) && !this.atDeclaration(),
      alternatives: [{ ALT: () => this.keep(fields, this.SUBRULE(this.fieldValue)) }],
    })
    this.CONSUME(t.RightCurly)
    return fields
  })

  private readonly fieldValue: Rule<FieldValue> = this.part('fieldValue', () => {
    const name = this.SUBRULE(this.name)
    this.CONSUME(t.Colon)
    const value = this.SUBRULE(this.value)
    return { name, value }
  })

  /** `[batch, 3]` after `of`. */
  protected readonly shape: Rule<Expression[]> = this.part('shape', () => {
    this.CONSUME(t.LeftSquare)
    const items = this.separated(this.element, t.RightSquare)
    this.CONSUME(t.RightSquare)
    return items
  })

  private readonly indices: Rule<Index[]> = this.part('indices', () => {
    this.openIndex(this.CONSUME(t.IndexSquare))
    const items = this.separated(this.index, t.RightSquare)
    this.CONSUME(t.RightSquare)
    return items
  })

  /** Marks a bracket as that of an index. */
  protected openIndex(open: IToken): void {
    this.ACTION(() => {
      facts(open).index = true
    })
  }

  private readonly index: Rule<Index> = this.part('index', () => {
    const first = this.LA(1)
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Ellipsis)
          return this.ACTION((): Index => ({ kind: 'ellipsis', span: this.from(first) }))
        },
      },
      {
        GATE: () => this.LA(1).image === 'None' && (this.next(t.Comma, 2) || this.next(t.RightSquare, 2)),
        ALT: () => {
          this.CONSUME(t.Identifier)
          return this.ACTION((): Index => ({ kind: 'new-axis', span: this.from(first) }))
        },
      },
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.slice) },
    ])
  })

  /** `a`, `a:b`, `a:b:c`, each bound optional once there is a colon. */
  private readonly slice: Rule<Index> = this.part('slice', () => {
    const first = this.LA(1)
    const bound = { GATE: () => !this.next(t.Colon) && !this.next(t.Comma) && !this.next(t.RightSquare) }
    const start = this.OPTION({ ...bound, DEF: () => this.SUBRULE(this.bound) })
    const rest = this.OPTION1(() => {
      this.CONSUME(t.Colon)
      const end = this.OPTION2({ ...bound, DEF: () => this.SUBRULE1(this.bound) })
      const step = this.OPTION3(() => {
        this.CONSUME1(t.Colon)
        return this.OPTION4({ ...bound, DEF: () => this.SUBRULE2(this.bound) })
      })
      return { ...(end ? { end } : {}), ...(step ? { step } : {}) }
    })
    return this.ACTION((): Index => {
      const span = this.from(first)
      if (rest) return { kind: 'slice', ...(start ? { start } : {}), ...rest, span }
      return { kind: 'at', value: start ?? this.missing(), span }
    })
  })

  /** An entry of an index: an expression, or a range without a start. */
  protected readonly bound: Rule<Expression> = this.part('bound', () => {
    const first = this.LA(1)
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(t.RangeExclusive)
          const end = this.OPTION({
            GATE: () => !this.next(t.Comma) && !this.next(t.RightSquare),
            DEF: () => this.SUBRULE(this.element),
          })
          return this.make(() => {
            return { kind: 'range', ...(end ? { end } : {}), inclusive: false, span: this.from(first) }
          })
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.RangeInclusive)
          const end = this.SUBRULE1(this.element)
          return this.make(() => ({ kind: 'range', end, inclusive: true, span: this.from(first) }))
        },
      },
      { ALT: () => this.SUBRULE2(this.element) },
    ])
  })
}
