import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { DcrParser } from '../../src/compiler/1-parse/parser.js'
import { kinds } from '../../src/diagnostics/catalogue/index.js'
import { grammarFile } from '../tools/generate.js'
import { renderGrammar } from '../tools/grammar.js'

it('keeps grammar/dcr.ebnf equal to the parser', () => {
  expect(readFileSync(grammarFile, 'utf8')).toBe(renderGrammar())
})

it('has a grammar in which chevrotain finds no ambiguity and no endless repetition', () => {
  expect(() => new DcrParser(true)).not.toThrow()
})

it('lists the codes of every file of the catalogue, each code once, each with a page', () => {
  const folder = fileURLToPath(new URL('../../src/diagnostics/catalogue', import.meta.url))
  const sources = readdirSync(folder)
    .filter((file) => !/^(index|all\.generated)\.ts$/.test(file))
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
  const defined = sources.flatMap((source) =>
    [...source.matchAll(/^(?:\s+|.*>\()'([a-z]+\/[a-z0-9-]+)',/gm)].map((m) => m[1]),
  )
  expect(new Set(kinds.keys())).toEqual(new Set(defined))
  expect(defined).toHaveLength(kinds.size)
  for (const [code, { page }] of kinds) expect(page.length, code).toBeGreaterThan(40)
})
