import { parse } from '../../src/compiler/1-parse/index.js'
import { quantityText } from '../../src/compiler/1-parse/units.js'
import type {
  Argument,
  Declaration,
  Expression,
  Index,
  Pattern,
  Statement,
  TypeSyntax,
} from '../../src/compiler/1-parse/syntax.js'

/** A tree as nested lists, `(+ a (* b c))`: short enough to write down what is expected. */
export function show(e: Expression): string {
  switch (e.kind) {
    case 'int':
    case 'float':
    case 'bool':
      return String(e.value)
    case 'quantity':
      return quantityText(e)
    case 'string':
      return JSON.stringify(e.value)
    case 'none':
    case 'missing':
      return e.kind
    case 'name':
      return e.name
    case 'field':
      return `(. ${show(e.object)} ${e.name.text})`
    case 'call':
      return list('call', show(e.callee), ...e.arguments.map(argument))
    case 'index':
      return list('at', show(e.object), ...e.indices.map(index))
    case 'unary':
      return `(${e.operator} ${show(e.operand)})`
    case 'binary':
      return `(${e.operator} ${show(e.left)} ${show(e.right)})`
    case 'range':
      return `(${e.inclusive ? '..=' : '..'} ${maybe(e.start)} ${maybe(e.end)})`
    case 'list':
    case 'tuple':
      return list(e.kind, ...e.items.map(show))
    case 'comprehension':
      return `(each ${show(e.value)} ${pattern(e.pattern)} ${show(e.iterable)})`
    case 'record':
      return list('record', ...e.fields.map((field) => `${field.name.text}:${show(field.value)}`))
    case 'with':
      return list(
        'with',
        show(e.object),
        ...e.fields.map((field) => `${field.name.text}:${show(field.value)}`),
      )
    case 'if':
      return `(if ${show(e.condition)} ${show(e.then)} ${maybe(e.else)})`
    case 'match':
      return list(
        'match',
        show(e.subject),
        ...e.arms.map((a) => `${a.patterns.map(show).join('|')}=>${show(a.value)}`),
      )
    case 'block':
      return list('block', ...e.statements.map(statement), `-> ${maybe(e.result)}`)
    case 'optional':
      return `(? ${show(e.operand)})`
    case 'draw':
      return list(
        'draw',
        show(e.distribution),
        e.like ? `like ${show(e.like)}` : '',
        e.shape ? list('of', ...e.shape.map(show)) : '',
      )
    case 'function':
      return list('fn', ...e.function.parameters.map(({ name }) => name.text), '->', show(e.function.body))
    case 'pairs':
      return `(pairs ${show(e.value)} ${e.over.map(({ names, count }) => `${names.map((n) => n.text).join(' ')} ${show(count)}`).join(', ')})`
    default:
      return e satisfies never
  }
}

const list = (...parts: readonly string[]): string => `(${parts.filter((part) => part !== '').join(' ')})`
const maybe = (e: Expression | undefined): string => (e ? show(e) : '_')
const argument = ({ name, value }: Argument): string => (name ? `${name.text}=${show(value)}` : show(value))

function index(i: Index): string {
  if (i.kind === 'at') return show(i.value)
  if (i.kind === 'slice') return `${maybe(i.start)}:${maybe(i.end)}:${maybe(i.step)}`
  return i.kind
}

function pattern(p: Pattern): string {
  return p.kind === 'name-pattern' ? p.name.text : list(...p.items.map(pattern))
}

function statement(s: Statement): string {
  if (s.kind === 'assign') return `(= ${pattern(s.pattern)} ${show(s.value)})`
  if (s.kind === 'next') return `(next ${s.name.text} ${show(s.value)})`
  if (s.kind === 'for') return `(for ${pattern(s.pattern)} ${show(s.iterable)} ${show(s.body)})`
  if (s.kind === 'fn')
    return list('fn', s.name.text, ...s.parameters.map(({ name }) => name.text), '->', show(s.body))
  return `(if ${show(s.condition)} ${show(s.then)} ${maybe(s.else)})`
}

export function type(t: TypeSyntax): string {
  switch (t.kind) {
    case 'named-type':
      return t.name.text
    case 'literal-type':
      return JSON.stringify(t.value)
    case 'list-type':
      return `[${type(t.item)}]`
    case 'union-type':
      return t.items.map(type).join('|')
    case 'tensor-type':
      return `${t.dtype.text}<${t.dims.map((d) => (d.kind === 'pack' ? `...${d.name.text}` : show(d.value))).join(',')}>`
    default:
      return t satisfies never
  }
}

/** The declarations of a source that must have no mistake. */
export function declarations(source: string): readonly Declaration[] {
  const { file, diagnostics } = parse('t.dcr', source)
  if (diagnostics.length > 0)
    throw new Error(diagnostics.map((d) => `${d.message} at ${d.span.start}`).join('; '))
  return file.declarations
}

/** The value of `let a = source`. */
export function expression(source: string): string {
  const [only] = declarations(`let a = ${source}`)
  if (only?.kind !== 'let') throw new Error(`no value was read from ${source}`)
  return show(only.value)
}
