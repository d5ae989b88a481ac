/** Writes the TextMate grammar that editors colour `.dcr` files by, with the words of the parser's own tokens. */
import type { TokenType } from 'chevrotain'
import * as t from '../../src/compiler/1-parse/tokens.js'

const name = String.raw`[A-Za-z_]\w*`
const constants: readonly TokenType[] = [t.True, t.False, t.None]
const operators: readonly TokenType[] = [t.And, t.Or, t.Not]
/** Words that are keywords behind an expression; the other words of places begin an item or a clause. */
const behind: readonly TokenType[] = [
  t.Every,
  t.From,
  t.As,
  t.Of,
  t.Like,
  t.Rows,
  t.Except,
  t.Where,
  t.Stalls,
  t.By,
]

const wordOf = (type: TokenType): string => (type.LABEL ?? '').replaceAll('`', '')
const isWord = (type: TokenType): boolean => /^\w+$/.test(wordOf(type)) && (type.LABEL ?? '').startsWith('`')
const all = (types: readonly TokenType[]): string => types.map(wordOf).join('|')

const reserved = t.vocabulary.filter((type) => isWord(type) && type.CATEGORIES?.[0] === t.Word)
const contextual = t.vocabulary.filter((type) => isWord(type) && type.CATEGORIES?.[0] === t.Name)
const plain = reserved.filter(
  (type) => !constants.includes(type) && !operators.includes(type) && type !== t.Cached,
)
/** Words that have a pattern of their own: two in a row, or behind a number. */
const pairs: readonly TokenType[] = [
  t.Keep,
  t.Last,
  t.Best,
  t.Stop,
  t.When,
  t.Epoch,
  t.Epochs,
  t.Step,
  t.Steps,
  t.On,
]
const first = contextual.filter((type) => !behind.includes(type) && !pairs.includes(type))

const source = ({ PATTERN }: TokenType): string => (PATTERN instanceof RegExp ? PATTERN.source : '')

interface Pattern {
  readonly match?: string
  readonly name?: string
  readonly begin?: string
  readonly end?: string
  readonly captures?: Readonly<Record<string, { readonly name: string }>>
  readonly patterns?: readonly Pattern[]
}

const keyword = 'keyword.control.dcr'

/** In the order in which editors try them; each reads from where the one before ended. */
const patterns: readonly Pattern[] = [
  { match: String.raw`///(?!/).*$`, name: 'comment.line.documentation.dcr' },
  { match: '//.*$', name: 'comment.line.double-slash.dcr' },
  {
    begin: '"',
    end: '"|$',
    name: 'string.quoted.double.dcr',
    patterns: [{ match: String.raw`\\(?:u\{[0-9A-Fa-f]{1,6}\}|.)`, name: 'constant.character.escape.dcr' }],
  },
  {
    match: String.raw`(?<!\w)(?:${source(t.Quantity)}|${source(t.Float)}|${source(t.Int)})`,
    name: 'constant.numeric.dcr',
  },
  {
    match: String.raw`\b(fn|module|record|pipeline)\s+(${name})`,
    captures: { 1: { name: keyword }, 2: { name: 'entity.name.dcr' } },
  },
  {
    match: String.raw`\b(${wordOf(t.On)})\s+(${wordOf(t.Seeds)})(?=\s+[\d\[])`,
    captures: { 1: { name: keyword }, 2: { name: keyword } },
  },
  { match: String.raw`\b(?:${all([t.Seeds, t.Ignore, t.Strip, t.Allow])})(?=\s+[\d\["])`, name: keyword },
  { match: String.raw`(?<!\.)\b${wordOf(t.Cached)}(?=[ \t]+[\w(\["])`, name: keyword },
  // a member may have the name of a keyword
  {
    match: String.raw`(?<!\.)\.(?!\.)\s*(${name})`,
    captures: { 1: { name: 'variable.other.property.dcr' } },
  },
  {
    match: String.raw`\b(${wordOf(t.Stop)})\s+(${wordOf(t.When)})\s+(${wordOf(t.Loss)})(?=\s*>)`,
    captures: { 1: { name: keyword }, 2: { name: keyword }, 3: { name: keyword } },
  },
  {
    match: String.raw`\b(?:(${wordOf(t.Keep)})\s+(${all([t.Last, t.Best])})|(${wordOf(t.Stop)})\s+(${wordOf(t.When)}))(?=[\s(])`,
    captures: { 1: { name: keyword }, 2: { name: keyword }, 3: { name: keyword }, 4: { name: keyword } },
  },
  { match: String.raw`(?<=[\w)])\s+(?:${all([t.Epoch, t.Epochs])})\b`, name: keyword },
  {
    match: String.raw`\b(${wordOf(t.For)})\s+([\d_]+|${name})\s+(${all([t.Step, t.Steps])})(?=\s*(?:;|\}|$|//))`,
    captures: { 1: { name: keyword }, 2: { name: 'constant.numeric.dcr' }, 3: { name: keyword } },
  },
  {
    match: String.raw`(?:^|(?<=[{;]))\s*(${all(first)})(?=\s+${name}\b)`,
    captures: { 1: { name: keyword } },
  },
  {
    match: String.raw`\b(${all([t.Override, t.Remove])})\s+(${all([...first, t.Let, t.Fn])})(?=\s+${name}\b)`,
    captures: { 1: { name: keyword }, 2: { name: keyword } },
  },
  {
    match: String.raw`(?<=[\w)\]"}*])\s+(${all(behind)})(?=\s+[\w"(\[])`,
    captures: { 1: { name: keyword } },
  },
  { match: String.raw`\b${wordOf(t.After)}\s+${wordOf(t.Update)}\b`, name: keyword },
  { match: String.raw`\b(?:${all(plain)})\b`, name: keyword },
  { match: String.raw`\b(?:${all(operators)})\b`, name: 'keyword.operator.word.dcr' },
  { match: String.raw`\b(?:${all(constants)})\b`, name: 'constant.language.dcr' },
  {
    match: String.raw`\b(?:f32|f16|bf16|f64|i64|i32|u8|int|float|bool|string|bytes|time|share)\b(?!\s*\()`,
    name: 'support.type.dcr',
  },
  { match: String.raw`\b${name}(?=\s*\()`, name: 'entity.name.function.dcr' },
  { match: String.raw`\b${name}\b`, name: 'variable.other.dcr' },
]

/** The text of grammar/dcr.tmLanguage.json. */
export function renderTextmate(): string {
  const grammar = {
    information_for_contributors: 'Written by `npm run generate` from the tokens of the parser.',
    name: 'dcr',
    scopeName: 'source.dcr',
    fileTypes: ['dcr'],
    patterns,
  }
  return `${JSON.stringify(grammar, null, 2)}\n`
}
