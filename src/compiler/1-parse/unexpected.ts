import type { IToken } from 'chevrotain'
import {
  letInBlock,
  misplaced,
  reservedWord,
  unexpected,
  unknownKeyword,
  unopened,
} from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { facts, openingOf, opensDeclaration } from './brackets.js'
import { found } from './parser-base.js'
import { spanOf } from './scan.js'
import * as t from './tokens.js'

const fileWords = ['use', 'module', 'record', 'fn', 'let', 'pipeline', 'ablation']
const pipelineWords =
  'param data model adapter let fn loss stage evaluate export override remove allow'.split(' ')
export const clauseWords =
  'train freeze minimize optimizer schedule steps epochs accumulate chunk memory clip_norm ema precision on_nonfinite save_every monitor keep stop allow update override remove'.split(
    ' ',
  )

export const updateWords =
  'times train freeze minimize optimizer schedule accumulate chunk clip_norm ema'.split(' ')

/** The words that may start an item, by the place as messages call it. */
const starters: Readonly<Record<string, readonly string[]>> = {
  'a file': fileWords,
  'a pipeline': pipelineWords,
  'a variant': pipelineWords,
  'an ablation': ['variant', 'vary', 'select', 'seeds', 'primary'],
  'a stage': clauseWords,
  'an update': updateWords,
}

/** The words of other languages for what is declared here. */
const foreign: Readonly<Record<string, string>> = {
  def: 'fn',
  function: 'fn',
  func: 'fn',
  fun: 'fn',
  lambda: 'fn',
  import: 'use',
  from: 'use',
  include: 'use',
  const: 'let',
  var: 'let',
  val: 'let',
  class: 'module',
  struct: 'record',
  type: 'record',
  interface: 'record',
  dataset: 'data',
  network: 'model',
  objective: 'loss',
  eval: 'evaluate',
  delete: 'remove',
}

/** The words for a token that starts no item of the list it stands in; `where` names the list. */
export function unexpectedToken(file: string, token: IToken, next: IToken, where: string): Diagnostic {
  const span = spanOf(file, token)
  const word = token.image
  const { around, first } = facts(token)
  const matched = around !== undefined && facts(around).close === token
  if (openingOf.has(token.tokenType) && !matched) return unopened(span, { bracket: word })
  if (token.tokenType === t.Let && where === 'a block') return letInBlock(span, undefined)
  const reserved = /^[a-z]+$/.test(word) && token.tokenType.CATEGORIES?.includes(t.Word) === true
  if (reserved && (next.tokenType === t.Equals || next.tokenType === t.Colon)) {
    return reservedWord(span, { word })
  }
  if (first && opensDeclaration(token, next)) return misplaced(span, { word, where, belongs: homeOf(word) })
  if (
    first &&
    where !== 'a stage' &&
    where !== 'an update' &&
    clauseWords.includes(word) &&
    next.tokenType !== t.Equals
  ) {
    return misplaced(span, { word, where, belongs: 'in a `stage`' })
  }
  const known = starters[where]
  if (!known || !first || !/^[A-Za-z_]\w*$/.test(word)) {
    return unexpected(span, { found: found(token), where, help: helpFor(token, next, where) })
  }
  const translated = foreign[word]
  const instead = translated !== undefined && known.includes(translated) ? translated : closest(word, known)
  if (instead === undefined && next.tokenType === t.Equals) {
    return unexpected(span, { found: found(token), where, help: `name a value with \`let ${word} = ...\`` })
  }
  return unknownKeyword(span, { word, where, instead, span })
}

/** Where a declaration belongs that stands elsewhere. */
function homeOf(word: string): string {
  const inFile = fileWords.includes(word)
  if (!inFile) return 'in a `pipeline`'
  return pipelineWords.includes(word) ? 'in a `pipeline` or at the top of a file' : 'at the top of a file'
}

/** For a choice behind its value, as Python has it. */
export const choiceHelp = 'a choice is written `if c { a } else { b }`'
export const rowsHelp =
  'how many rows a field has stands in its declaration: `data name = source(...) rows 32 { ... }`'

function helpFor(token: IToken, next: IToken, where: string): string | undefined {
  if (token.tokenType === t.If) return choiceHelp
  if (token.tokenType === t.Of) return rowsHelp
  if (where === 'a module' && /^\w/.test(token.image)) {
    const call = next.tokenType === t.CallParen
    return call
      ? `a function is written \`fn ${token.image}(...) = value\``
      : '`name = value` or `name: type = initial value`'
  }
  switch (token.tokenType) {
    case t.Comma:
      return 'declarations and statements are separated by new lines or `;`, without commas'
    case t.LeftParen:
    case t.LeftSquare:
      return 'a call or an index stands on the line of what it belongs to, without a blank between them: `f(x)`'
    case t.For:
      return 'pairs of rows stand on the line of their value: `f(a[i], b[j]) for i in n, j in m`; a list stands in brackets: `[f(x) for x in xs]`'
    case t.FatArrow:
      if (where === 'a `match`') return 'the arms of a `match` are separated by a new line or `,`'
      return '`=>` stands only in `match`; a function is written `fn f(x) = value`'
    case t.Arrow:
      return '`->` stands only before the type of a result: `fn f(x) -> float = value`'
    case t.Colon:
      return '`:` stands between a name and its type, and in records'
    default:
      return undefined
  }
}
