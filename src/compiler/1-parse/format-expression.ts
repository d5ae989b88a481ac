import { binds, precedence } from './fold.js'
import { concat, group, indent, join, line, softline, type Doc } from './format-doc.js'
import { ListPrinter, braces, call, lines, square, type Entry, type ListStyle } from './format-list.js'
import { numberOf } from './mistakes.js'
import type {
  Argument,
  Expression,
  FunctionDeclaration,
  Identifier,
  Index,
  MatchArm,
  Pattern,
  Statement,
  SyntaxFile,
} from './syntax.js'
import { quantityText, readQuantity } from './units.js'

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>
interface FieldValue {
  readonly name: Identifier
  readonly value: Expression
}

/** Looser than every operator: `for i, j in n`. */
const pairsLevel = 0
/** What an element of a list, a condition or an iterable may be without brackets. */
const elementLevel = 0.5

const escapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
}

/** A string as it is written. */
export function quote(text: string): string {
  const inner = text.replaceAll(/["\\]|\p{Cc}|[\u2028\u2029]|\p{Cs}/gu, (character) => {
    return escapes[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
  return `"${inner}"`
}

/** How tightly the outermost operator of an expression binds. */
function levelOf(e: Expression): number {
  switch (e.kind) {
    case 'pairs':
      return pairsLevel
    case 'function':
      return elementLevel
    case 'call':
      return e.prefix ? elementLevel : precedence.postfix
    case 'binary':
      return binds(e.operator)
    case 'range':
      return precedence.range
    case 'unary':
      return e.operator === 'not' ? precedence.not : precedence.minus
    case 'if':
    case 'match':
    case 'block':
    case 'draw':
      return precedence.minus
    default:
      return precedence.postfix
  }
}

/** Prints expressions, patterns and blocks. */
export abstract class ExpressionPrinter {
  protected readonly lists: ListPrinter

  constructor(protected readonly file: SyntaxFile) {
    this.lists = new ListPrinter(file)
  }

  /** A function, with its name or without one. */
  protected abstract fn(f: FunctionDeclaration): Doc

  /** An expression, in brackets where its operator binds looser than `least`. */
  protected expression(e: Expression, least: number = pairsLevel): Doc {
    return levelOf(e) >= least ? this.bare(e) : this.bracketed(e)
  }

  private bracketed(e: Expression): Doc {
    const head = this.lists.inside(e.span.start)
    const content = [softline, this.bare(e), this.lists.inside(this.lists.behindComments(e.span.end))]
    return group(concat(['(', head, indent(concat(content)), softline, ')']))
  }

  private bare(e: Expression): Doc {
    switch (e.kind) {
      case 'int':
      case 'float':
        return this.number(e)
      case 'quantity':
        return this.quantity(e)
      case 'string':
        return quote(e.value)
      case 'bool':
        return String(e.value)
      case 'none':
        return 'none'
      case 'name':
        return e.name
      case 'field':
        return concat([this.object(e.object), '.', e.name.text])
      case 'call':
        if (e.prefix)
          return concat([
            this.object(e.callee),
            ' ',
            ...e.arguments.map(({ value }) => this.expression(value, elementLevel)),
          ])
        return concat([this.object(e.callee), this.arguments(e.arguments, e.span.end - 1)])
      case 'index':
        return concat([
          this.object(e.object),
          this.lists.list(square, e.indices.map(this.indexEntry), e.span.end - 1),
        ])
      case 'optional':
        return concat([this.object(e.operand), '?'])
      case 'with':
        return concat([this.object(e.object), ' with ', this.fields(e.fields, e.span.end - 1)])
      case 'unary':
        return concat([e.operator === 'not' ? 'not ' : '-', this.expression(e.operand, levelOf(e))])
      case 'binary':
        return group(indent(this.chain(e)))
      case 'range':
        return this.range(e)
      case 'list':
        return this.lists.list(square, this.elements(e.items), e.span.end - 1)
      case 'comprehension':
        return this.comprehension(e)
      case 'tuple':
        return this.tuple(e)
      case 'record':
        return this.fields(e.fields, e.span.end - 1)
      case 'if':
        return this.choice(e)
      case 'match':
        return this.match(e)
      case 'block':
        return this.block(e)
      case 'draw':
        return this.draw(e)
      case 'pairs':
        return this.pairs(e)
      case 'function':
        return this.fn(e.function)
      case 'missing':
        return ''
    }
  }

  /** What a call, index or field follows directly. */
  private object(e: Expression): Doc {
    // The grammar would allow these without brackets, but nobody would see what the suffix belongs to.
    return e.kind === 'with' ? this.bracketed(e) : this.expression(e, precedence.postfix)
  }

  /** A number as it was written, `2_000` or `1e-4`. */
  private number(e: Of<'int'> | Of<'float'>): Doc {
    const written = this.file.text.slice(e.span.start, e.span.end)
    if (/^\d[\d_.eE+-]*$/.test(written) && numberOf(written) === e.value) return written
    const text = String(e.value)
    return e.kind === 'float' && !/[.e]/.test(text) ? `${text}.0` : text
  }

  private quantity({ value, unit, span }: Of<'quantity'>): Doc {
    const written = readQuantity(this.file.text.slice(span.start, span.end))
    return quantityText({ value: written?.value === value ? written.number : value, unit })
  }

  /** Operators of one precedence, broken all or none. Lines end with the operator: `-` would begin a new statement. */
  private chain(e: Of<'binary'>): Doc {
    const level = binds(e.operator)
    const rest: { operator: string; right: Expression }[] = []
    let first: Expression = e
    while (
      first.kind === 'binary' &&
      binds(first.operator) === level &&
      (rest.length === 0 || groupsLeft(level))
    ) {
      rest.unshift({ operator: first.operator, right: first.right })
      first = first.left
    }
    const left = level === precedence.power || level === precedence.comparison ? level + 1 : level
    const right = level === precedence.power ? level : level + 1
    const docs: Doc[] = [this.expression(first, left)]
    for (const { operator, right: operand } of rest) {
      docs.push(` ${operator}`, this.lists.lineBefore(operand.span.start), this.operand(operand, right))
    }
    return concat(docs)
  }

  /** The right side of an operator: a minus in front of it needs no brackets. */
  private operand(e: Expression, least: number): Doc {
    return e.kind === 'unary' && e.operator === '-' ? this.bare(e) : this.expression(e, least)
  }

  private range({ start, end, inclusive }: Of<'range'>): Doc {
    const least = precedence.range + 1
    const from = start ? this.expression(start, least) : ''
    return concat([from, inclusive ? '..=' : '..', end ? this.operand(end, least) : ''])
  }

  protected elements(items: readonly Expression[]): Entry[] {
    return items.map((item) => ({ ...item.span, doc: () => this.expression(item, elementLevel) }))
  }

  protected shape(items: readonly Expression[], end: number): Doc {
    return this.lists.list(square, this.elements(items), end)
  }

  private comprehension({ value, pattern, iterable, span }: Of<'comprehension'>): Doc {
    const doc = (): Doc => {
      const each = this.expression(value, elementLevel)
      const over = [this.lists.lineBefore(pattern.span.start), 'for ', this.pattern(pattern), ' in ']
      return concat([each, ...over, this.expression(iterable, elementLevel)])
    }
    const entry = { start: value.span.start, end: span.end - 1, doc }
    return this.lists.list({ ...square, broken: '' }, [entry], span.end - 1)
  }

  private tuple({ items, span }: Of<'tuple'>): Doc {
    const [only] = items
    if (only && items.length === 1) return concat(['(', this.expression(only), ',)'])
    const entries = items.map((item) => ({ ...item.span, doc: () => this.expression(item) }))
    return this.lists.list(call, entries, span.end - 1)
  }

  protected arguments(args: readonly Argument[], end: number): Doc {
    const [only] = args
    const hugs =
      only && args.length === 1 && !only.name && /^(list|record|comprehension)$/.test(only.value.kind)
    if (hugs && !this.lists.pending(only.span.start)) {
      return concat(['(', this.expression(only.value), this.lists.inside(end), ')'])
    }
    const entries = args.map(({ name, value, span }) => ({
      ...span,
      doc: () => concat([name ? `${name.text} = ` : '', this.expression(value)]),
    }))
    return this.lists.list(call, entries, end)
  }

  private readonly indexEntry = (index: Index): Entry => ({ ...index.span, doc: () => this.index(index) })

  private index(index: Index): Doc {
    switch (index.kind) {
      case 'ellipsis':
        return '...'
      case 'new-axis':
        return 'None'
      case 'at':
        return this.bound(index.value)
      case 'slice': {
        const { start, end, step } = index
        const bounds = [start ? this.bound(start) : '', ':', end ? this.bound(end) : '']
        return concat([...bounds, ...(step ? [':', this.bound(step)] : [])])
      }
    }
  }

  /** `None` alone would be a new axis. */
  protected bound(e: Expression): Doc {
    return e.kind === 'name' && e.name === 'None' ? '(None)' : this.expression(e, elementLevel)
  }

  protected fields(fields: readonly FieldValue[], end: number): Doc {
    return this.lists.list(this.broken(fields[0]?.name.span.start), this.fieldEntries(fields), end)
  }

  private fieldEntries(fields: readonly FieldValue[]): Entry[] {
    return fields.map(({ name, value }) => ({
      start: name.span.start,
      end: value.span.end,
      doc: () => concat([`${name.text}: `, this.expression(value)]),
    }))
  }

  /** Braces that take several lines if their first entry was on a line of its own. */
  protected broken(first: number | undefined, style: ListStyle = braces, force = false): ListStyle {
    return { ...style, force: force || (first !== undefined && this.lists.startsLine(first)) }
  }

  private choice(e: Of<'if'>): Doc {
    return group(
      this.openChoice(
        e,
        branches(e).some((branch) => this.isBroken(branch)),
      ),
    )
  }

  /** `if` and all its `else`, on one line together or none. */
  private openChoice(
    { condition, then, else: otherwise }: Omit<Of<'if'>, 'kind' | 'span'>,
    force: boolean,
  ): Doc {
    const head = ['if ', this.expression(condition, elementLevel), ' ', this.body(then, force)]
    if (!otherwise) return concat(head)
    const rest = otherwise.kind === 'if' ? this.openChoice(otherwise, force) : this.body(otherwise, force)
    return concat([...head, ' else ', rest])
  }

  /** Braces without a group of their own. */
  private body(e: Expression, force: boolean): Doc {
    if (e.kind === 'record')
      return this.lists.open({ ...braces, force }, this.fieldEntries(e.fields), e.span.end - 1)
    if (e.kind !== 'block') return this.expression(e)
    return this.lists.open({ ...lines, force }, this.entriesOf(e), e.span.end - 1)
  }

  protected block(e: Of<'block'>): Doc {
    return this.lists.list({ ...lines, force: this.isBroken(e) }, this.entriesOf(e), e.span.end - 1)
  }

  /** Several statements never share a line. */
  private isBroken(e: Expression): boolean {
    if (e.kind === 'record')
      return e.fields[0] !== undefined && this.lists.startsLine(e.fields[0].name.span.start)
    if (e.kind !== 'block') return false
    const [first, second] = [...e.statements, ...(e.result ? [e.result] : [])]
    return second !== undefined || (first !== undefined && this.lists.startsLine(first.span.start))
  }

  private entriesOf({ statements, result }: Of<'block'>): Entry[] {
    const entries = statements.map((s): Entry => ({ ...s.span, doc: () => this.statement(s) }))
    return result ? [...entries, { ...result.span, doc: () => this.expression(result) }] : entries
  }

  private statement(s: Statement): Doc {
    switch (s.kind) {
      case 'fn':
        return this.fn(s)
      case 'assign':
        return concat([this.pattern(s.pattern), this.assigned(s.value)])
      case 'next':
        return concat([`next ${s.name.text}`, this.assigned(s.value)])
      case 'for': {
        const over = ['for ', this.pattern(s.pattern), ' in ', this.expression(s.iterable, elementLevel), ' ']
        return group(concat([...over, this.body(s.body, this.isBroken(s.body))]))
      }
      case 'if-statement':
        return group(
          this.openChoice(
            s,
            branches(s).some((branch) => this.isBroken(branch)),
          ),
        )
    }
  }

  /** ` = value`; a long chain of operators starts on the next line. */
  protected assigned(e: Expression, least = 0): Doc {
    if (e.kind !== 'binary') return concat([' = ', this.expression(e, least)])
    return group(concat([' =', this.lists.inside(e.span.start), indent(concat([line, this.chain(e)]))]))
  }

  /** ` = value`, on the next line where it does not fit on this one. */
  protected below(e: Expression): Doc {
    return group(concat([' =', this.lists.inside(e.span.start), indent(concat([line, this.expression(e)]))]))
  }

  protected pattern(pattern: Pattern): Doc {
    if (pattern.kind === 'name-pattern') return pattern.name.text
    const [only] = pattern.items
    if (only && pattern.items.length === 1) return concat(['(', this.pattern(only), ',)'])
    const entries = pattern.items.map((item) => ({ ...item.span, doc: () => this.pattern(item) }))
    return this.lists.list(call, entries, pattern.span.end - 1)
  }

  private match({ subject, arms, span }: Of<'match'>): Doc {
    const entries = arms.map((arm) => ({ ...arm.span, doc: () => this.arm(arm) }))
    const head = ['match ', this.expression(subject, elementLevel), ' ']
    return concat([...head, this.lists.list(this.broken(arms[0]?.span.start), entries, span.end - 1)])
  }

  private arm({ patterns, value }: MatchArm): Doc {
    const cases = patterns.map((pattern) => this.expression(pattern))
    return concat([join(' | ', cases), ' => ', this.expression(value)])
  }

  private draw({ distribution, like, shape, span }: Of<'draw'>): Doc {
    const head = ['draw ', this.expression(distribution)]
    if (like) return concat([...head, ' like ', this.expression(like, precedence.postfix)])
    return shape ? concat([...head, ' of ', this.shape(shape, span.end - 1)]) : concat(head)
  }

  private pairs({ value, over }: Of<'pairs'>): Doc {
    const indices = over.map(({ names, count }) =>
      concat([`${names.map((n) => n.text).join(', ')} in `, this.expression(count, elementLevel)]),
    )
    return concat([this.expression(value, elementLevel), ' for ', join(', ', indices)])
  }
}

const groupsLeft = (level: number): boolean => level !== precedence.power && level !== precedence.comparison

/** The bodies of an `if` and all its `else`. */
function branches({ then, else: otherwise }: { then: Expression; else?: Expression }): Expression[] {
  return [then, ...(otherwise?.kind === 'if' ? branches(otherwise) : otherwise ? [otherwise] : [])]
}
