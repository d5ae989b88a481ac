/** Writes the grammar of the language as EBNF, from the rules that the parser itself runs. */
import type { TokenType } from 'chevrotain'
import { DcrParser } from '../../src/compiler/1-parse/parser.js'
import { units } from '../../src/compiler/1-parse/units.js'
import * as t from '../../src/compiler/1-parse/tokens.js'

/** A production as chevrotain serialises it. */
export interface Production {
  readonly type: string
  readonly name?: string
  readonly nonTerminalName?: string
  readonly definition?: readonly Production[]
}

/** Rules that only read what is wrong, to say so. */
export const recovery: ReadonlySet<string> = new Set(
  'junk mistakenInitial needlessSign fieldEndMistaken itemEndMistaken'.split(' '),
)

/** How tokens appear that are no fixed text. */
const classes: ReadonlyMap<TokenType, string> = new Map([
  [t.Name, 'NAME'],
  [t.Word, 'WORD'],
  [t.Identifier, 'IDENTIFIER'],
  [t.Int, 'INT'],
  [t.Float, 'FLOAT'],
  [t.Quantity, 'QUANTITY'],
  [t.Text, 'STRING'],
])
const sameLine: ReadonlySet<TokenType> = new Set([t.CallParen, t.IndexSquare, t.BinaryMinus])
const types = new Map(t.vocabulary.map((type) => [type.name, type]))

/** A token as the grammar writes it. */
export function terminal(name: string): string {
  const type = types.get(name)
  if (!type) throw new Error(`the grammar has no token ${name}`)
  const text = classes.get(type) ?? (type.LABEL ?? name).replaceAll('`', '"')
  return sameLine.has(type) ? `${text} (* on the line *)` : text
}

/** One production; nothing for what only recovery reads. */
export function render(production: Production): string | undefined {
  const inner = (): string | undefined => bare(sequence(production.definition ?? []), production)
  switch (production.type) {
    case 'Terminal':
      return terminal(production.name ?? '')
    case 'NonTerminal':
      return recovery.has(production.name ?? '') ? undefined : production.name
    case 'Option':
      return wrap('[ ', inner(), ' ]')
    case 'Repetition':
      return wrap('{ ', inner(), ' }')
    case 'Alternation': {
      const alternatives = (production.definition ?? []).map(render).filter((text) => text !== undefined)
      return alternatives.length > 1 ? `( ${alternatives.join(' | ')} )` : alternatives[0]
    }
    case 'Alternative':
    case 'Flat':
      return inner()
    default:
      throw new Error(`the grammar has a production of a new type, ${production.type}`)
  }
}

/** Without the brackets of a choice that stands alone in others. */
function bare(text: string | undefined, { definition }: Production): string | undefined {
  const alone = definition?.length === 1 && definition[0]?.type === 'Alternation'
  return alone && text?.startsWith('( ') ? text.slice(2, -2) : text
}

const wrap = (open: string, text: string | undefined, close: string): string | undefined =>
  text === undefined ? undefined : open + text + close

function sequence(productions: readonly Production[]): string | undefined {
  const parts = productions.map(render).filter((text) => text !== undefined)
  return parts.length > 0 ? parts.join(', ') : undefined
}

/** Rules of which the parser says in code what they read. */
export const special: ReadonlyMap<string, string> = new Map([
  ['name', 'NAME'],
  ['fieldEnd', '"," | newline'],
  ['itemEnd', '";" | newline'],
])

/** A rule, on lines of 100 columns. */
function rule(production: Production): string {
  const { name = '', definition = [] } = production
  return fold(`${name} = ${special.get(name) ?? bare(sequence(definition), production) ?? ''} ;`)
}

/** Breaks a long line at blanks. */
function fold(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > 100 && line.trim() !== '') {
      lines.push(line)
      line = `    ${word}`
    } else line = line === '' && lines.length === 0 ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

/** The rules as a reader meets them: what a rule uses comes after it. */
function inOrderOfUse(rules: ReadonlyMap<string, Production>, start: string): Production[] {
  const names = new Set([start])
  const visit = (production: Production): void => {
    if (production.type === 'NonTerminal' && !recovery.has(production.name ?? ''))
      names.add(production.name ?? '')
    production.definition?.forEach(visit)
  }
  // A set grows while it is walked: every rule is visited once, in the order of its first use.
  for (const name of names) rules.get(name)?.definition?.forEach(visit)
  return [...names].map((name) => rules.get(name)).filter((production) => production !== undefined)
}

const words = (category: TokenType): string =>
  t.vocabulary
    .filter((type) => type.CATEGORIES?.[0] === category && type.LABEL?.startsWith('`'))
    .map((type) => (type.LABEL ?? '').replaceAll('`', '"'))
    .join(' | ')

/** All rules that read what is right. */
export function grammarRules(): readonly Production[] {
  const productions: readonly Production[] = new DcrParser().getSerializedGastProductions()
  return inOrderOfUse(new Map(productions.map((production) => [production.name ?? '', production])), 'file')
}

/** The text of grammar/dcr.ebnf. */
export function renderGrammar(): string {
  const rules = grammarRules()
  return `(* The grammar of .dcr files, in the notation of ISO 14977. Written by \`npm run generate\` from the parser.

   What the notation does not say:
   - A newline separates, outside of ( and [, where the token before it can end and the one after it cannot continue an
     expression; all others are blanks. Not to continue, where they stand first on a line: "(", "[" and "-" (marked "on
     the line" where they do), and of, like, from, as, every, rows where no value follows on their line. "(" and "[" so marked
     stand directly behind what they belong to. Before "}" and at the end of the file nothing needs to separate.
   - Of two readings the first alternative holds; "{ name :" opens a record, any other "{" a block.
   - Operators bind, from the loosest: or, and, not, comparisons, ranges, + -, * / @, unary -, **. "**" groups to the
     right, comparisons do not chain, all others group to the left. After ".." in an index the end may be left out.
   - "for" after an expression needs two names with a comma between them; in a list it stands behind one element.
   - "not" behind an arithmetic operator or a comparison needs brackets around it.
   - A "param" has a type, one behind "override" has none.
   - "override" stands before neither export, remove nor allow.
   - The left side of "=" in a block is a name, or names in brackets.
   - "//" starts a comment that ends with the line. *)

${rules.map(rule).join('\n\n')}

(* Tokens *)

IDENTIFIER = letter, { letter | digit } ;

NAME = IDENTIFIER ${fold(`| ${words(t.Name)} ;`)}

WORD = NAME ${fold(`| ${words(t.Word)} ;`)}

INT = digits ;

FLOAT = digits, ( ".", digits, [ exponent ] | exponent ) ;

QUANTITY = ( INT | FLOAT ), ( "%" | unit ) ;

unit = ${Object.keys(units)
    .filter((unit) => unit !== '%')
    .map((unit) => `"${unit}"`)
    .join(' | ')} ; (* on the line of its number *)

exponent = ( "e" | "E" ), [ "+" | "-" ], digit, { digit } ;

digits = digit, { digit }, { "_", digit, { digit } } ;

letter = ? A to Z, a to z, or _ ? ;

digit = ? 0 to 9 ? ;

newline = ? one that separates, or the place before "}" or the end of the file ? ;

STRING = '"', { ? a character other than ", \\ and line breaks ? | escape }, '"' ;

escape = "\\", ( "n" | "t" | "r" | '"' | "\\" | "u{", ? 1 to 6 hexadecimal digits ?, "}" ) ;
`
}
