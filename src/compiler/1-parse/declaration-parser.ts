import type { IToken, ParserMethod } from 'chevrotain'
import { untypedState } from '../../diagnostics/catalogue/syntax.js'
import { facts } from './brackets.js'
import { stringOf } from './mistakes.js'
import type { Rule } from './parser-base.js'
import { PrimaryParser } from './primary-parser.js'
import type {
  DimSyntax,
  Expression,
  FixedKey,
  FunctionDeclaration,
  Identifier,
  IgnoredKeys,
  LetDeclaration,
  ModuleDeclaration,
  ModuleMember,
  Parameter,
  RecordDeclaration,
  RecordField,
  TypeSyntax,
  Use,
} from './syntax.js'
import * as t from './tokens.js'

/** What comes before the word of a declaration: where it starts, and whether it replaces another. */
export interface Head {
  readonly first: IToken
  readonly override?: boolean
}

/** Types, and the declarations that stand at the top of a file. */
export abstract class DeclarationParser extends PrimaryParser {
  /** The `///` lines directly above an offset. */
  protected abstract docAbove(offset: number): { readonly doc?: string }

  /** What every declaration carries: its comment, its span, whether it overrides. */
  protected about({ first, override }: Head) {
    return { ...this.docAbove(first.startOffset), ...(override ? { override } : {}), span: this.from(first) }
  }

  /** The head of a declaration that cannot override, or the one given. */
  protected head(given: Head | undefined): Head {
    return given ?? { first: this.LA(1) }
  }

  protected readonly type: Rule<TypeSyntax> = this.part('type', () =>
    this.nested(() => {
      const first = this.LA(1)
      const items = [this.SUBRULE(this.singleType)]
      this.MANY(() => {
        this.CONSUME(t.Bar)
        items.push(this.SUBRULE1(this.singleType))
      })
      return this.ACTION((): TypeSyntax => {
        const [only] = items
        return only && items.length === 1 ? only : { kind: 'union-type', items, span: this.from(first) }
      })
    }),
  )

  private readonly singleType: Rule<TypeSyntax> = this.part('singleType', () => {
    const first = this.LA(1)
    return this.OR([
      { ALT: () => this.SUBRULE(this.namedType) },
      {
        ALT: () => {
          const token = this.CONSUME(t.None)
          return this.ACTION((): TypeSyntax => {
            const name = this.identifier(token)
            return { kind: 'named-type', name, span: name.span }
          })
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(t.Text)
          return this.ACTION((): TypeSyntax => {
            return { kind: 'literal-type', value: stringOf(token), span: this.from(first) }
          })
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.LeftSquare)
          const item = this.SUBRULE(this.type)
          this.CONSUME(t.RightSquare)
          return this.ACTION((): TypeSyntax => ({ kind: 'list-type', item, span: this.from(first) }))
        },
      },
      { ALT: () => this.ACTION(() => this.missingType(undefined, 'a type')) },
    ])
  })

  /** `: type` of a declaration that needs one. */
  protected readonly typed: ParserMethod<[string?], TypeSyntax> = this.part('typed', (form?: string) =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Colon)
          return this.SUBRULE(this.type)
        },
      },
      { ALT: () => this.ACTION(() => this.missingType(form)) },
    ]),
  )

  protected missingType(form?: string, what = '`:` and a type'): TypeSyntax {
    this.want(what, form)
    const { span } = this.nothing()
    return { kind: 'named-type', name: { text: '', span }, span }
  }

  /** `int`, or with dimensions `float[...s, d_in]`. */
  private readonly namedType: Rule<TypeSyntax> = this.part('namedType', () => {
    const token = this.CONSUME(t.Name)
    const dims = this.OPTION(() => {
      this.CONSUME(t.IndexSquare)
      const items = this.separated(this.dim, t.RightSquare)
      this.CONSUME(t.RightSquare)
      return items
    })
    return this.ACTION((): TypeSyntax => {
      const name = this.identifier(token)
      const span = this.from(token)
      return dims ? { kind: 'tensor-type', dtype: name, dims, span } : { kind: 'named-type', name, span }
    })
  })

  private readonly dim: Rule<DimSyntax> = this.part('dim', () => {
    const first = this.LA(1)
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Ellipsis)
          const name = this.CONSUME(t.Name)
          return this.ACTION((): DimSyntax => ({
            kind: 'pack',
            name: this.identifier(name),
            span: this.from(first),
          }))
        },
      },
      {
        ALT: () => {
          const value = this.SUBRULE(this.element)
          return this.ACTION((): DimSyntax => ({ kind: 'dim', value, span: this.from(first) }))
        },
      },
    ])
  })

  /** `name: type = default` of a function, module or record. */
  private readonly parameter: Rule<Parameter> = this.part('parameter', () => {
    const name = this.SUBRULE(this.name)
    const type = this.OPTION(() => {
      this.CONSUME(t.Colon)
      return this.SUBRULE(this.type)
    })
    const value = this.OPTION1(() => {
      this.CONSUME(t.Equals)
      return this.SUBRULE(this.value)
    })
    return this.ACTION(() => {
      const span = this.from(name.span)
      return { name, ...(type ? { type } : {}), ...(value ? { default: value } : {}), span }
    })
  })

  private readonly parameters: Rule<Parameter[]> = this.part('parameters', () => {
    this.CONSUME(t.LeftParen)
    const items = this.separated(this.parameter, t.RightParen)
    this.CONSUME(t.RightParen)
    return items
  })

  /** `use std.nn { Linear, LayerNorm as Norm }` */
  protected readonly use: Rule<Use | undefined> = this.item('use', () => {
    const first = this.CONSUME(t.Use)
    const source = this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(t.Text)
          return this.ACTION(() => ({ from: stringOf(token), fromKind: 'file' as const }))
        },
      },
      {
        ALT: () => {
          const path = [this.CONSUME(t.Name)]
          this.MANY(() => {
            this.CONSUME(t.Dot)
            path.push(this.CONSUME(t.Word))
          })
          return this.ACTION(() => ({
            from: path.map((p) => p.image).join('.'),
            fromKind: 'module' as const,
          }))
        },
      },
    ])
    this.CONSUME(t.LeftCurly)
    const names = this.separated(this.usedName, t.RightCurly)
    this.CONSUME(t.RightCurly)
    return this.ACTION(() => ({ kind: 'use', ...source, names, span: this.from(first) }))
  })

  private readonly usedName: Rule<{ name: Identifier; alias?: Identifier }> = this.part('usedName', () => {
    const name = this.SUBRULE(this.name)
    const alias = this.OPTION(() => {
      this.CONSUME(t.As)
      return this.SUBRULE1(this.name)
    })
    return alias ? { name, alias } : { name }
  })

  /** `record ClipConfig from "config.json" { hidden_size: int = 768 }` */
  protected readonly record: Rule<RecordDeclaration | undefined> = this.item('record', () => {
    const first = this.CONSUME(t.RecordWord)
    const name = this.SUBRULE(this.name)
    const mirrors = this.OPTION(() => {
      this.CONSUME(t.From)
      return this.SUBRULE(this.quoted)
    })
    const fields: RecordField[] = []
    const rules: (FixedKey | IgnoredKeys)[] = []
    const open = this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ',',
      open,
      where: 'a record',
      alternatives: [
        {
          GATE: () => this.atIgnored(),
          IGNORE_AMBIGUITIES: true,
          ALT: () => this.keep(rules, this.SUBRULE(this.ignoredKeys)),
        },
        {
          GATE: () => this.next(t.Name) && this.next(t.In, 2),
          IGNORE_AMBIGUITIES: true,
          ALT: () => this.keep(rules, this.SUBRULE(this.fixedKey)),
        },
        {
          GATE: () => this.next(t.Name),
          ALT: () => this.keep(fields, this.SUBRULE(this.recordField)),
        },
      ],
    })
    this.CONSUME(t.RightCurly)
    return this.ACTION(() => ({
      kind: 'record',
      name,
      ...(mirrors ? { mirrors } : {}),
      fields,
      rules,
      ...this.about({ first }),
    }))
  })

  /** `ignore` before a value; a field may have that name too. */
  private atIgnored(): boolean {
    const after = this.LA(2)
    const named = [t.Comma, t.RightCurly, t.From, t.Colon, t.Equals, t.In].includes(after.tokenType)
    return this.next(t.Ignore) && !named && after.image !== '' && !facts(after).first
  }

  /** A string, without its quotes. */
  protected readonly quoted: Rule<Identifier> = this.part('quoted', () => {
    const token = this.CONSUME(t.Text)
    return this.ACTION(() => ({ text: stringOf(token), span: this.spanOf(token) }))
  })

  private readonly recordField: Rule<RecordField | undefined> = this.item('recordField', () => {
    const field = this.SUBRULE(this.parameter)
    const keys = this.OPTION(() => {
      this.CONSUME(t.From)
      const found = [this.SUBRULE(this.quoted)]
      this.MANY({
        GATE: () => this.next(t.Comma) && this.next(t.Text, 2),
        DEF: () => {
          this.CONSUME(t.Comma)
          found.push(this.SUBRULE1(this.quoted))
        },
      })
      return found
    })
    return this.ACTION(() => (keys ? { ...field, keys, span: this.from(field.span) } : field))
  })

  /** `act_fn in ["silu"]` */
  private readonly fixedKey: Rule<FixedKey | undefined> = this.item('fixedKey', () => {
    const name = this.SUBRULE(this.name)
    this.CONSUME(t.In)
    const values = this.SUBRULE(this.value)
    return this.ACTION((): FixedKey => ({ kind: 'fixed', name, values, span: this.from(name.span) }))
  })

  /** `ignore ["initializer_range"]` */
  private readonly ignoredKeys: Rule<IgnoredKeys | undefined> = this.item('ignoredKeys', () => {
    const first = this.CONSUME(t.Ignore)
    const keys = this.SUBRULE(this.value)
    return this.ACTION((): IgnoredKeys => ({ kind: 'ignored', keys, span: this.from(first) }))
  })

  /** `fn(x) = e`, with the longest value that a list could hold. */
  protected override readonly lambda: Rule<Expression> = this.part('lambda', () =>
    this.nested(() => {
      const first = this.CONSUME(t.Fn)
      const parameters = this.SUBRULE(this.parameters)
      const result = this.OPTION(() => {
        this.CONSUME(t.Arrow)
        return this.SUBRULE(this.type)
      })
      const body = this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Equals)
            return this.SUBRULE(this.element)
          },
        },
        { ALT: () => this.SUBRULE(this.braces) },
        {
          ALT: () =>
            this.make(() => {
              this.want('`=` and a value, or a block in braces', '`fn(x) = value`')
              return this.nothing()
            }),
        },
      ])
      return this.make(() => {
        const span = this.from(first)
        const name = this.identifier(first)
        const made = { name, parameters, ...(result ? { result } : {}), body, span }
        return { kind: 'function', function: { kind: 'fn', ...made }, span }
      })
    }),
  )

  protected override readonly fn: ParserMethod<[Head?], FunctionDeclaration | undefined> = this.item(
    'fn',
    (given) => {
      const head = this.head(given)
      this.CONSUME(t.Fn)
      const name = this.SUBRULE(this.name)
      const parameters = this.SUBRULE(this.parameters)
      const result = this.OPTION(() => {
        this.CONSUME(t.Arrow)
        return this.SUBRULE(this.type)
      })
      const form = '`fn name(x) -> type = value`'
      const body = this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Equals)
            return this.SUBRULE(this.value)
          },
        },
        { ALT: () => this.SUBRULE(this.braces) },
        {
          GATE: () => !this.startsLine(),
          ALT: () => this.SUBRULE(this.mistakenInitial, { ARGS: [form] }),
        },
        {
          ALT: () =>
            this.make(() => {
              this.want('`=` and a value, or a block in braces', form)
              return this.nothing()
            }),
        },
      ])
      return this.ACTION(() => {
        return { kind: 'fn', name, parameters, ...(result ? { result } : {}), body, ...this.about(head) }
      })
    },
  )

  protected readonly let: ParserMethod<[Head?], LetDeclaration | undefined> = this.item('let', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Let)
    const pattern = this.SUBRULE(this.pattern)
    const value = this.SUBRULE(this.initial, { ARGS: ['`let name = value`'] })
    return this.ACTION(() => ({ kind: 'let', pattern, value, ...this.about(head) }))
  })

  protected readonly module: Rule<ModuleDeclaration | undefined> = this.item('module', () => {
    const first = this.CONSUME(t.Module)
    const name = this.SUBRULE(this.name)
    const parameters = this.OPTION(() => this.SUBRULE(this.parameters))
    const members: ModuleMember[] = []
    const open = this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ';',
      open,
      where: 'a module',
      alternatives: [
        { ALT: () => this.keep(members, this.SUBRULE(this.fn)) },
        {
          GATE: () => this.atState() || this.next(t.Colon, 2) || this.next(t.Equals, 2),
          ALT: () => this.keep(members, this.SUBRULE(this.member)),
        },
      ],
    })
    this.CONSUME(t.RightCurly)
    return this.ACTION(() => ({
      kind: 'module',
      name,
      parameters: parameters ?? [],
      members,
      ...this.about({ first }),
    }))
  })

  /** `state` before a name; a member may have that name too. */
  private atState(): boolean {
    return this.next(t.State) && this.next(t.Name, 2)
  }

  /**
   * `weight: type = init if c` is a parameter, with `state` before it a state; `name = value if c` is a submodule or a
   * static value.
   */
  private readonly member: Rule<ModuleMember | undefined> = this.item('member', () => {
    const first = this.LA(1)
    const state = this.OPTION2({ GATE: () => this.atState(), DEF: () => this.CONSUME(t.State) })
    const token = this.CONSUME(t.Name)
    const type = this.OPTION(() => {
      this.CONSUME(t.Colon)
      return this.SUBRULE(this.type)
    })
    const value = this.SUBRULE(this.initial, { ARGS: ['`name: type = initial value`'] })
    const condition = this.OPTION1((): Expression => {
      this.CONSUME(t.If)
      return this.SUBRULE(this.element)
    })
    return this.ACTION((): ModuleMember => {
      const shared = {
        name: this.identifier(token),
        ...(condition ? { condition } : {}),
        ...this.about({ first }),
      }
      if (state && !type) this.report(untypedState(shared.name.span, { name: shared.name.text }))
      if (!type) return { kind: 'field', value, ...shared }
      return { kind: 'weight', type, init: value, ...(state ? { state: true } : {}), ...shared }
    })
  })
}
