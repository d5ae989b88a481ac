import type { IRecognitionException, IToken } from 'chevrotain'
import { expected, unclosed, type Place } from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import { facts, kind, openingOf, opensDeclaration } from './brackets.js'
import { found } from './parser-base.js'
import { spanOf } from './scan.js'
import * as t from './tokens.js'
import { choiceHelp, rowsHelp } from './unexpected.js'

const types = new Map(t.vocabulary.map((type) => [type.name, type]))

/** What a closing bracket closes, by the rule that wants it. */
const purposes: Readonly<Record<string, string>> = {
  arguments: 'the argument list',
  parameters: 'the parameter list',
  indices: 'the index',
  path: 'the index',
  shape: 'the shape',
  namedType: 'the dimensions',
  singleType: 'the list type',
  list: 'the list',
  parentheses: 'the bracket',
  pattern: 'the list of names',
  fields: 'the record',
  block: 'the block',
  match: 'the `match`',
  use: 'the list of names',
  record: 'the record',
  module: 'the module',
  pipelineItems: 'the pipeline',
  ablation: 'the ablation',
  stage: 'the stage',
  update: 'the update',
  settings: 'the settings',
  dataFields: 'the data block',
}

/** What is wanted and how it looks, where the token alone does not say it: by rule and token. */
const wants: Readonly<Record<string, { readonly what: string; readonly help?: string }>> = {
  'parameters:LeftParen': { what: '`(` and the parameters', help: '`fn name(x) = value`' },
  'fieldValue:Colon': { what: '`:` between the name and the value of a field', help: '`{ name: value }`' },
  'arm:FatArrow': { what: '`=>` between the case and its value', help: '`"a" => value`' },
  'suffix:Word': { what: 'a name after `.`' },
  'path:Word': { what: 'a name or `*` after `.`' },
  'use:LeftCurly': { what: '`{` and the names to use', help: '`use std.nn { Linear }`' },
  'list:In': {
    what: '`in` and a list',
    help: '`[f(x) for x in xs]`; several names stand in brackets: `for (i, x) in xs`',
  },
  'loop:In': {
    what: '`in` and a list',
    help: '`for x in xs { ... }`; several names stand in brackets: `for (i, x) in xs`',
  },
  'armPattern:': { what: 'a case: a literal, or `_` for all others' },
  'use:': { what: 'a module such as `std.nn`, or the path of a file in quotes' },
  'evaluateCases:In': { what: '`in` and a list of data sets', help: '`for s in [mnist, cifar]`' },
  'metric:Dot': { what: '`.` and a metric of the evaluation', help: '`keep best(valid.accuracy)`' },
  'metric:Word': { what: 'a metric after `.`', help: '`keep best(valid.accuracy)`' },
  'keepClause:CallParen': { what: '`(` and a metric', help: '`keep best(valid.accuracy)`' },
  'keepClause:': { what: '`last n` or `best(...)`', help: '`keep best(valid.accuracy)`' },
  'stop:When': { what: '`when` and a metric', help: '`stop when valid.accuracy stalls 5`' },
  'stop:Greater': { what: '`>` and a number', help: '`stop when loss > 1e3 for 10 steps`' },
  'stop:For': { what: '`for` and a number of steps', help: '`stop when loss > 1e3 for 10 steps`' },
  'stop:': { what: '`steps`', help: '`stop when loss > 1e3 for 10 steps`' },
  'stop:Stalls': {
    what: '`stalls` and a number of measurements',
    help: '`stop when valid.accuracy stalls 5`',
  },
  'quoted:Text': { what: 'a text in quotes' },
  'stripped:Text': { what: 'a prefix in quotes', help: '`strip "module."`' },
  'ignored:Text': { what: 'a pattern in quotes', help: '`ignore "*.position_ids"`' },
  'ablation:Of': { what: '`of` and the pipeline', help: '`ablation name of pipeline { ... }`' },
  'variant:': { what: 'a block of changes, or `=` and a pipeline', help: '`variant name { ... }`' },
  'vary:In': { what: '`in` and a list', help: '`vary tau in [0.05, 0.1]`' },
  'selection:In': {
    what: '`in` and a list',
    help: '`select lr in [1e-3, 1e-2] by valid.accuracy on seeds 100..103`',
  },
  'selection:By': {
    what: '`by` and a metric',
    help: '`select lr in [1e-3, 1e-2] by valid.accuracy on seeds 100..103`',
  },
  'selection:On': {
    what: '`on seeds` and a list',
    help: '`select lr in [1e-3, 1e-2] by valid.accuracy on seeds 100..103`',
  },
  'draw:Name': { what: 'a distribution', help: '`draw normal of [n]`' },
  'pipelineItem:': { what: 'a declaration', help: '`override let name = value`' },
}

/** The words for a problem that chevrotain found; its message is the name of the token that it expected. */
export function problemOf(file: string, tokens: readonly IToken[], error: IRecognitionException): Diagnostic {
  const rule = error.context.ruleStack.at(-1) ?? ''
  const type = types.get(error.message)
  const opening = type && openingOf.get(type)
  if (opening) return unclosedBracket(file, tokens, error, rule, opening)
  const { span, place } = gapBefore(file, tokens, error.token)
  const want = wants[`${rule}:${type?.name ?? ''}`]
  return expected(span, { what: want?.what ?? type?.LABEL ?? 'something else', place, help: want?.help })
}

const closingText = new Map([
  [t.LeftParen, ')'],
  [t.LeftSquare, ']'],
  [t.LeftCurly, '}'],
])

function unclosedBracket(
  file: string,
  tokens: readonly IToken[],
  { token }: IRecognitionException,
  rule: string,
  opening: IToken['tokenType'],
): Diagnostic {
  const at = token.image === '' ? tokens.length : tokens.indexOf(token)
  const opened = lastUnclosed(tokens, at, opening)
  const listed = opening !== t.LeftCurly || rule === 'use'
  // A forgotten `}` shows at what cannot stand inside; a forgotten `)` belongs at the end of its line.
  const { span, place } =
    opening === t.LeftCurly && token.image !== ''
      ? { span: spanOf(file, token), place: { found: found(token) } }
      : gapBefore(file, tokens, token)
  return unclosed(span, {
    bracket: closingText.get(opening) ?? '',
    more: listed && startsItem(token, tokens[at + 1]),
    purpose: purposes[rule] ?? 'the bracket',
    place,
    opened: opened && spanOf(file, opened),
    help: insteadOf(token, tokens[at - 1], rule),
  })
}

/** What was probably meant by a token that cannot stand in a bracket. */
function insteadOf(token: IToken, before: IToken | undefined, rule: string): string | undefined {
  if (token.tokenType === t.Colon && rule === 'arguments' && before)
    return `a named argument takes \`=\`: \`${before.image} = ...\``
  if (token.tokenType === t.If) return choiceHelp
  return token.tokenType === t.Of ? rowsHelp : undefined
}

/** Whether a token could be the next entry of a list in which only a comma was forgotten. */
function startsItem(token: IToken, next: IToken | undefined): boolean {
  if (token.image === '' || openingOf.has(token.tokenType)) return false
  if (facts(token).first && opensDeclaration(token, next)) return false
  return /^[\w"]/.test(token.image)
}

/** Where something is missing before `token`: at the token, or at the end of the line before it. */
function gapBefore(file: string, tokens: readonly IToken[], token: IToken): { span: Span; place: Place } {
  const previous = token.image === '' ? tokens.at(-1) : tokens[tokens.indexOf(token) - 1]
  if (token.image !== '' && !(facts(token).first && previous)) {
    return { span: spanOf(file, token), place: { found: found(token) } }
  }
  if (!previous) return { span: { file, start: 0, end: 0 }, place: { found: found(token) } }
  const { end } = spanOf(file, previous)
  return { span: { file, start: end, end }, place: { after: found(previous) } }
}

/** The bracket before the token at `before` that was open there and that nothing closes. */
function lastUnclosed(
  tokens: readonly IToken[],
  before: number,
  opening: IToken['tokenType'],
): IToken | undefined {
  let closed = 0
  for (let i = before - 1; i >= 0; i--) {
    const token = tokens[i]
    if (!token) break
    if (openingOf.get(token.tokenType) === opening) closed++
    else if (kind(token) === opening && closed-- === 0) return token
  }
  return undefined
}
