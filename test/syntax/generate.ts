import * as t from '../../src/compiler/1-parse/tokens.js'
import { type Production, grammarRules, recovery, render } from '../tools/grammar.js'
import type { Random } from './mutate.js'

const rules = new Map(grammarRules().map((rule) => [rule.name ?? '', rule]))
const types = new Map(t.vocabulary.map((type) => [type.name, type]))

const names = 'x y z clip proj data model train base_1 _ i j tau f32 float param of like'.split(' ')
const texts: Readonly<Record<string, readonly string[]>> = {
  Name: names,
  Identifier: ['None', '_', 'x'],
  Word: [...names, 'use', 'if', 'match', 'none', 'with'],
  Int: ['0', '1', '8', '1_000', '9_007_199_254_740_991'],
  Quantity: ['16 GB', '0.5%', '1e3 s', '10  min'],
  Float: ['0.5', '1e-3', '2.5e10', '1_0.2_5'],
  Text: ['""', '"eps"', String.raw`"a\n\"b\u{1f600}"`, '"日本"'],
}

/** How deep a production goes at least: which of several leads out of a recursion. */
const heights = new Map<string, number>([...rules.keys()].map((name) => [name, Infinity]))
for (let changed = true; changed;) {
  changed = false
  for (const [name, { definition = [] }] of rules) {
    const height = 1 + Math.max(0, ...definition.map(heightOf))
    if (height < (heights.get(name) ?? Infinity)) {
      heights.set(name, height)
      changed = true
    }
  }
}

function heightOf({ type, nonTerminalName, name, definition = [] }: Production): number {
  switch (type) {
    case 'Terminal':
    case 'Option':
    case 'Repetition':
      return 0
    case 'NonTerminal':
      if (name === 'name' || recovery.has(name ?? '')) return 0
      return heights.get(nonTerminalName ?? name ?? '') ?? 0
    case 'Alternation':
      return Math.min(...alternatives(definition).map(heightOf))
    default:
      return Math.max(0, ...definition.map(heightOf))
  }
}

/** Without those that only read mistakes. */
function alternatives(definition: readonly Production[]): readonly Production[] {
  return definition.filter((alternative) => render(alternative) !== undefined)
}

/** `not` needs brackets behind most operators, which the rules do not say. */
const isNot = ({ definition = [] }: Production): boolean => definition[0]?.name === t.Not.name

/** A random file that the grammar derives, with blanks, lines and comments between its tokens. */
export function generate(random: Random): string {
  const tokens: string[] = []
  const budget = 20 + random(200)
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T

  const write = (production: Production, depth: number): void => {
    const { type, name = '', definition = [] } = production
    const tired = depth > 40 || tokens.length > budget
    switch (type) {
      case 'Terminal':
        return void tokens.push(name)
      case 'NonTerminal':
        // the parser's rule also reads what cannot be a name, to say so
        if (name === 'name') return void tokens.push('Name')
        if (name === 'fieldEnd' || name === 'itemEnd') return void tokens.push(name)
        if (recovery.has(name)) return
        for (const part of rules.get(name)?.definition ?? []) write(part, depth + 1)
        return
      case 'Option':
        if (!tired && random(2) > 0) for (const part of definition) write(part, depth + 1)
        return
      case 'Repetition':
        for (let count = tired ? 0 : random(depth < 3 ? 6 : 3); count > 0; count--)
          for (const part of definition) write(part, depth + 1)
        return
      case 'Alternation': {
        const able = alternatives(definition)
        const least = Math.min(...able.map(heightOf))
        const usual = able.filter((a) => !isNot(a) || random(8) === 0)
        write(pick(tired ? able.filter((a) => heightOf(a) === least) : usual), depth + 1)
        return
      }
      default:
        for (const part of definition) write(part, depth + 1)
    }
  }
  write({ type: 'NonTerminal', name: 'file' }, 0)
  return layOut(tokens, pick)
}

const attached = new Set([t.CallParen, t.IndexSquare].map(({ name }) => name))
/** Words that are read by what stands beside them on their line. */
const linking = new Set([t.Of, t.Like, t.From, t.As, t.Every, t.Rows].map(({ name }) => name))
const starting = new Set([t.CallParen, t.IndexSquare, t.BinaryMinus, t.LeftCurly].map(({ name }) => name))
const closing = new Set([t.RightParen, t.RightSquare, t.RightCurly].map(({ name }) => name))

/** Tokens as text: what continues a line stands on it, entries end with their sign or with their line. */
function layOut(tokens: readonly string[], pick: <T>(items: readonly T[]) => T): string {
  const open: string[] = []
  let text = ''
  for (const [k, token] of tokens.entries()) {
    const before = tokens[k - 1] ?? ''
    if (token === 'fieldEnd' || token === 'itemEnd') {
      text += pick([token === 'fieldEnd' ? ',' : ';', '\n', '  // note\n'])
      continue
    }
    const together = linking.has(token) || linking.has(before) || token === t.BinaryMinus.name
    if (together) text += ' '
    else if (!attached.has(token)) text += pick([' ', ' ', ' ', '\n', '  // note\n'])
    // a name is read as a word where a value stands behind it
    const plain =
      starting.has(tokens[k + 1] ?? '') && token === 'Name' ? ['x', 'train', 'data'] : texts[token]
    text += plain ? pick(plain) : (types.get(token)?.LABEL ?? token).replaceAll('`', '')
    if (closing.has(token)) open.pop()
    else if (['LeftParen', 'LeftSquare', 'LeftCurly', 'CallParen', 'IndexSquare'].includes(token))
      open.push(token)
  }
  return text
}
