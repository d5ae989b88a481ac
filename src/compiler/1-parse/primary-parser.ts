import type { IToken, ParserMethod } from 'chevrotain'
import { badPattern, missingBlock } from '../../diagnostics/catalogue/syntax.js'
import { blockOf, type Line } from './block.js'
import { numberOf, stringOf } from './mistakes.js'
import { OperationParser } from './operation-parser.js'
import type { Rule } from './parser-base.js'
import type { Argument, Expression, FunctionDeclaration, MatchArm, Pattern } from './syntax.js'
import * as t from './tokens.js'
import { readQuantity } from './units.js'

const literals = [t.Int, t.Float, t.Quantity, t.Text, t.True, t.False, t.None]

/** What operators work on: literals, names, brackets, blocks, choices; and the statements of blocks. */
export abstract class PrimaryParser extends OperationParser {
  private readonly primaries = [
    { ALT: () => this.SUBRULE(this.literal) },
    { ALT: () => this.SUBRULE(this.cached) },
    { ALT: () => this.SUBRULE(this.reference) },
    { ALT: () => this.SUBRULE(this.list) },
    { ALT: () => this.SUBRULE(this.parentheses) },
    { ALT: () => this.SUBRULE(this.braces) },
    { ALT: () => this.SUBRULE(this.choice) },
    { ALT: () => this.SUBRULE(this.match) },
    { ALT: () => this.SUBRULE(this.draw) },
    { ALT: () => this.SUBRULE(this.lambda) },
  ]

  protected override readonly primary: Rule<Expression> = this.part('primary', () => this.OR(this.primaries))

  protected abstract readonly fn: ParserMethod<[], FunctionDeclaration | undefined>
  protected abstract readonly lambda: Rule<Expression>

  private readonly reference: Rule<Expression> = this.part('reference', () => {
    const name = this.CONSUME(t.Name)
    return this.make(() => ({ kind: 'name', name: name.image, span: this.spanOf(name) }))
  })

  private readonly literals = literals.map((type) => ({ ALT: () => this.CONSUME(type) }))

  private readonly literal: Rule<Expression> = this.part('literal', () => {
    const token = this.OR(this.literals)
    return this.make(() => this.literalOf(token))
  })

  private literalOf(token: IToken): Expression {
    const span = this.spanOf(token)
    if (this.tokenIs(token, t.Int)) return { kind: 'int', value: numberOf(token.image), span }
    if (this.tokenIs(token, t.Float)) return { kind: 'float', value: numberOf(token.image), span }
    if (token.tokenType === t.Quantity) {
      const { value = 0, unit = '%' } = readQuantity(token.image) ?? {}
      return { kind: 'quantity', value, unit, span }
    }
    if (this.tokenIs(token, t.Text)) return { kind: 'string', value: stringOf(token), span }
    if (token.tokenType === t.None) return { kind: 'none', span }
    return { kind: 'bool', value: token.tokenType === t.True, span }
  }

  /** `[a, b]` or `[e for x in xs]` */
  private readonly list: Rule<Expression> = this.part('list', () => {
    const open = this.CONSUME(t.LeftSquare)
    const items = this.separated(this.element, t.RightSquare)
    const over = this.OPTION({
      GATE: () => items.length === 1,
      DEF: () => {
        this.CONSUME(t.For)
        const pattern = this.SUBRULE(this.pattern)
        this.CONSUME(t.In)
        return { pattern, iterable: this.SUBRULE(this.element) }
      },
    })
    this.CONSUME(t.RightSquare)
    return this.make(() => {
      const span = this.from(open)
      const [value] = items
      return over && value ? { kind: 'comprehension', value, ...over, span } : { kind: 'list', items, span }
    })
  })

  /** `(e)` groups, `(a, b)` and `(a,)` are tuples. */
  private readonly parentheses: Rule<Expression> = this.part('parentheses', () => {
    const open = this.CONSUME(t.LeftParen)
    const items = this.separated(this.value, t.RightParen)
    const comma = this.ACTION(() => this.tokenIs(this.LA(0), t.Comma))
    this.CONSUME(t.RightParen)
    return this.make(() => {
      const span = this.from(open)
      const [only] = items
      if (!only || items.length !== 1 || comma) return { kind: 'tuple', items, span }
      this.bracketed.set(only, span)
      return only
    })
  })

  /** `{ name: ...` is a record, any other brace a block. */
  protected readonly braces: Rule<Expression> = this.part('braces', () => {
    const open = this.LA(1)
    return this.OR([
      {
        GATE: () => this.next(t.Word, 2) && this.next(t.Colon, 3),
        IGNORE_AMBIGUITIES: true,
        ALT: () => {
          const fields = this.SUBRULE(this.fields)
          return this.make(() => ({ kind: 'record', fields, span: this.from(open) }))
        },
      },
      { ALT: () => this.SUBRULE(this.block) },
    ])
  })

  /** Braces where they must stand. */
  private readonly body: Rule<Expression> = this.part('body', () =>
    this.OR([{ ALT: () => this.SUBRULE(this.braces) }, { ALT: () => this.make(() => this.missingBody()) }]),
  )

  private missingBody(): Expression {
    this.report(missingBlock(this.gap(), { place: this.place() }))
    return this.nothing()
  }

  protected readonly block: Rule<Expression> = this.part('block', () => {
    const open = this.CONSUME(t.LeftCurly)
    const lines: Line[] = []
    this.entries({
      sign: ';',
      open,
      where: 'a block',
      alternatives: [
        {
          GATE: () => !this.next(t.LeftParen, 2),
          IGNORE_AMBIGUITIES: true,
          ALT: () => this.keep(lines, this.SUBRULE(this.fn)),
        },
        { ALT: () => this.keep(lines, this.SUBRULE(this.loop)) },
        {
          GATE: () => this.next(t.Next) && this.next(t.Name, 2) && this.next(t.Equals, 3),
          IGNORE_AMBIGUITIES: true,
          ALT: () => this.keep(lines, this.SUBRULE(this.nextState)),
        },
        { ALT: () => this.keep(lines, this.SUBRULE(this.line)) },
      ],
    })
    this.CONSUME(t.RightCurly)
    return this.make(() => blockOf(lines, this.from(open), (problem) => this.report(problem)))
  })

  private readonly loop: Rule<Line | undefined> = this.item('loop', () => {
    const first = this.CONSUME(t.For)
    const pattern = this.SUBRULE(this.pattern)
    this.CONSUME(t.In)
    const iterable = this.SUBRULE(this.element)
    const body = this.SUBRULE(this.body)
    return this.ACTION((): Line => ({ kind: 'for', pattern, iterable, body, span: this.from(first) }))
  })

  /** `next running_mean = e` */
  private readonly nextState: Rule<Line | undefined> = this.item('nextState', () => {
    const first = this.CONSUME(t.Next)
    const name = this.CONSUME(t.Name)
    this.CONSUME(t.Equals)
    const value = this.SUBRULE(this.value)
    return this.ACTION((): Line => {
      return { kind: 'next', name: this.identifier(name), value, span: this.from(first) }
    })
  })

  /** `x = e`, `(a, b) = e`, or an expression: told apart at the `=`. */
  private readonly line: Rule<Line | undefined> = this.item('line', () => {
    const first = this.SUBRULE(this.expression)
    const value = this.OPTION(() => {
      this.CONSUME(t.Equals)
      return this.SUBRULE(this.value)
    })
    return this.ACTION((): Line => {
      if (!value) return { kind: 'value', value: first }
      return { kind: 'assign', pattern: this.toPattern(first), value, span: this.fromOuter(first) }
    })
  })

  private toPattern(e: Expression): Pattern {
    if (e.kind === 'name') return { kind: 'name-pattern', name: { text: e.name, span: e.span }, span: e.span }
    if (e.kind === 'tuple') {
      return { kind: 'tuple-pattern', items: e.items.map((item) => this.toPattern(item)), span: e.span }
    }
    if (e.kind !== 'missing') this.report(badPattern(e.span, undefined))
    return { kind: 'name-pattern', name: { text: '', span: e.span }, span: e.span }
  }

  protected readonly pattern: Rule<Pattern> = this.part('pattern', () =>
    this.nested(() =>
      this.OR([
        {
          ALT: () => {
            const open = this.CONSUME(t.LeftParen)
            const items = this.separated(this.pattern, t.RightParen)
            const comma = this.ACTION(() => this.tokenIs(this.LA(0), t.Comma))
            this.CONSUME(t.RightParen)
            return this.ACTION((): Pattern => {
              const [only] = items
              if (only && items.length === 1 && !comma) return only
              return { kind: 'tuple-pattern', items, span: this.from(open) }
            })
          },
        },
        {
          GATE: () => this.next(t.Word),
          ALT: () => {
            const name = this.SUBRULE(this.name)
            return this.ACTION((): Pattern => ({ kind: 'name-pattern', name, span: name.span }))
          },
        },
        {
          ALT: () =>
            this.ACTION((): Pattern => {
              const name = this.missingName()
              return { kind: 'name-pattern', name, span: name.span }
            }),
        },
      ]),
    ),
  )

  /** `if c { a } else { b }` */
  private readonly choice: Rule<Expression> = this.part('choice', () =>
    this.nested(() => {
      const first = this.CONSUME(t.If)
      const condition = this.SUBRULE(this.element)
      const then = this.SUBRULE(this.body)
      const otherwise = this.OPTION(() => {
        this.CONSUME(t.Else)
        return this.OR([{ ALT: () => this.SUBRULE(this.choice) }, { ALT: () => this.SUBRULE1(this.body) }])
      })
      return this.make(() => {
        const span = this.from(first)
        return { kind: 'if', condition, then, ...(otherwise ? { else: otherwise } : {}), span }
      })
    }),
  )

  /** `match v { "a" | "b" => x  _ => y }` */
  private readonly match: Rule<Expression> = this.part('match', () => {
    const first = this.CONSUME(t.Match)
    const subject = this.SUBRULE(this.element)
    const arms: MatchArm[] = []
    const open = this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ',',
      open,
      where: 'a `match`',
      alternatives: [{ ALT: () => this.keep(arms, this.SUBRULE(this.arm)) }],
    })
    this.CONSUME(t.RightCurly)
    return this.make(() => ({ kind: 'match', subject, arms, span: this.from(first) }))
  })

  private readonly arm: Rule<MatchArm | undefined> = this.item('arm', () => {
    const first = this.LA(1)
    const patterns = [this.SUBRULE(this.armPattern)]
    this.MANY(() => {
      this.CONSUME(t.Bar)
      patterns.push(this.SUBRULE1(this.armPattern))
    })
    this.CONSUME(t.FatArrow)
    const value = this.SUBRULE(this.value)
    return this.ACTION(() => ({ patterns, value, span: { ...this.from(first), end: value.span.end } }))
  })

  private readonly armPattern: Rule<Expression> = this.part('armPattern', () => {
    const first = this.LA(1)
    return this.OR([
      { ALT: () => this.SUBRULE(this.literal) },
      {
        ALT: () => {
          this.CONSUME(t.Minus)
          const operand = this.SUBRULE1(this.literal)
          return this.make(() => ({ kind: 'unary', operator: '-', operand, span: this.from(first) }))
        },
      },
      { ALT: () => this.SUBRULE(this.reference) },
    ])
  })

  /** `draw uniform(0, 1) of [n]`, `draw normal like x` */
  private readonly draw: Rule<Expression> = this.part('draw', () =>
    this.nested(() => {
      const first = this.CONSUME(t.Draw)
      const name = this.CONSUME(t.Name)
      const args = this.OPTION(() => this.SUBRULE(this.arguments))
      const distribution = this.make(() => this.distribution(name, args))
      const size = this.OPTION1(() =>
        this.OR([
          {
            ALT: () => {
              this.CONSUME(t.Like)
              return { like: this.SUBRULE(this.postfix) }
            },
          },
          {
            ALT: () => {
              this.CONSUME(t.Of)
              return { shape: this.SUBRULE(this.shape) }
            },
          },
        ]),
      )
      return this.make(() => ({ kind: 'draw', distribution, ...size, span: this.from(first) }))
    }),
  )

  /** `cached f(x)`: a call of the function `cached`, of all that follows. */
  private readonly cached: Rule<Expression> = this.part('cached', () =>
    this.nested(() => {
      const first = this.CONSUME(t.Cached)
      const value = this.SUBRULE(this.element)
      return this.make(() => ({
        kind: 'call',
        callee: { kind: 'name', name: first.image, span: this.spanOf(first) },
        arguments: [{ value, span: value.span }],
        prefix: true,
        span: this.from(first),
      }))
    }),
  )

  private distribution(token: IToken, args: readonly Argument[] | undefined): Expression {
    const callee: Expression = { kind: 'name', name: token.image, span: this.spanOf(token) }
    return args ? { kind: 'call', callee, arguments: args, span: this.from(token) } : callee
  }
}
