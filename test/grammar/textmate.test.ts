import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import oniguruma from 'vscode-oniguruma'
import textmate from 'vscode-textmate'
import { parse } from '../../src/compiler/1-parse/index.js'
import { scan } from '../../src/compiler/1-parse/scan.js'
import * as t from '../../src/compiler/1-parse/tokens.js'
import { sourcesIn } from '../syntax/sources.js'

type Class = 'comment' | 'string' | 'number' | 'keyword' | 'other'

const require = createRequire(import.meta.url)
const wasm = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'))
const onigLib = oniguruma
  .loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length))
  .then(() => ({
    createOnigScanner: (sources: string[]) => new oniguruma.OnigScanner(sources),
    createOnigString: (text: string) => new oniguruma.OnigString(text),
  }))
const file = 'grammar/dcr.tmLanguage.json'
const registry = new textmate.Registry({
  onigLib,
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync(file, 'utf8'), file),
})
const grammar = await registry.loadGrammar('source.dcr')

function classOf(scopes: readonly string[]): Class {
  const has = (start: string): boolean => scopes.some((scope) => scope.startsWith(start))
  if (has('comment')) return 'comment'
  if (has('string')) return 'string'
  if (has('constant.numeric')) return 'number'
  return has('keyword') || has('constant.language') ? 'keyword' : 'other'
}

/** The class of every character, as an editor sees it. */
function coloured(text: string): Class[] {
  if (!grammar) throw new Error('no grammar')
  let stack = textmate.INITIAL
  return text.split('\n').flatMap((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack)
    stack = ruleStack
    const classes: Class[] = Array.from({ length: line.length + 1 }, () => 'other')
    for (const { startIndex, endIndex, scopes } of tokens) classes.fill(classOf(scopes), startIndex, endIndex)
    classes[line.length] = 'other'
    return classes
  })
}

/**
 * The class of every character by the compiler's own tokens; a member is a name, and a word that is a keyword only in
 * its place where the tree has it as one.
 */
function expected(path: string, text: string): Class[] {
  const classes: Class[] = Array.from({ length: text.length + 1 }, () => 'other')
  const { tokens, comments } = scan(path, text)
  const names = namesIn(parse(path, text).file)
  for (const { span } of comments) classes.fill('comment', span.start, span.end)
  for (const [k, token] of tokens.entries()) {
    const member = tokens[k - 1]?.tokenType === t.Dot
    const reserved = token.tokenType.CATEGORIES?.[0] === t.Word
    const kind = kindOf(token.tokenType, member || (!reserved && names.has(token.startOffset)))
    if (kind) classes.fill(kind, token.startOffset, token.startOffset + token.image.length)
  }
  return classes
}

function kindOf(type: (typeof t.vocabulary)[number], isName: boolean): Class | undefined {
  if (type === t.Text) return 'string'
  if (type === t.Int || type === t.Float || type === t.Quantity) return 'number'
  const keyword =
    type !== t.Identifier && (type.CATEGORIES?.[0] === t.Word || type.CATEGORIES?.[0] === t.Name)
  return keyword && !isName ? 'keyword' : undefined
}

/** Where the tree has names. */
function namesIn(tree: unknown): ReadonlySet<number> {
  const starts = new Set<number>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) return node.forEach(visit)
    const { span, kind } = node as { span?: { start: number }; kind?: string }
    if (span && (kind === 'name' || ('text' in node && kind === undefined && !('path' in node))))
      starts.add(span.start)
    // the word behind `remove` says what is removed
    for (const [key, child] of Object.entries(node)) if (!(kind === 'remove' && key === 'what')) visit(child)
  }
  visit(tree)
  return starts
}

const readable = sourcesIn('pipelines', 'test').filter(
  ({ path, text }) => parse(path, text).diagnostics.length === 0,
)

test.each(readable)('$path is coloured as it is read', ({ path, text }) => {
  const [wanted, got] = [expected(path, text), coloured(text)]
  const wrong = wanted.flatMap((kind, at) => {
    const line = text.slice(0, at).split('\n').length
    return kind === got[at] || /\s/.test(text[at] ?? ' ')
      ? []
      : [`${path}:${line} ${text[at]}: ${got[at]}, not ${kind}`]
  })
  expect(wrong).toEqual([])
})

test('words that are keywords only in their place are names elsewhere', () => {
  const text = `pipeline p {
  data train = mnist(data = "train") { from: i64[] = like }
  let of = train.stage.for
  override stage model { train data.in }
  remove stage of
  model loss = every(of) from "x" as f32
}
`
  expect(coloured(text)).toEqual(expected('a.dcr', text))
})

test('there are files to look at, whatever is left out for its mistakes', () => {
  expect(readable.length).toBeGreaterThan(20)
})
