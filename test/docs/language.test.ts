import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from '../../src/compiler/1-parse/index.js'
import { initializerNames } from '../../src/compiler/3-elaborate/initializers.js'
import { optimizers } from '../../src/optimizers/registry.js'
import { blocksOf, checkFile } from '../tools/tour.js'
import { examplesOf, problemsOf } from './examples.js'

const page = readFileSync('docs/language.md', 'utf8')

describe('docs/language.md', () => {
  test.each(examplesOf(page))('has an example that compiles: $name', { timeout: 120_000 }, (example) => {
    expect(problemsOf(example)).toBe('')
  })

  test('has many of them', () => expect(examplesOf(page).length).toBeGreaterThan(20))

  test.each(['docs/add-an-operator.md', 'README.md'])(
    '%s has examples that parse, at the top of a file or in a pipeline',
    (file) => {
      const examples = blocksOf(readFileSync(file, 'utf8')).filter((b) => b.language === 'dcr')
      expect(examples.length).toBeGreaterThan(0)
      for (const { text } of examples) {
        const readings = [text, `pipeline p {\n${text}}\n`].map((t) => parse('example.dcr', t).diagnostics)
        expect(readings.some((diagnostics) => diagnostics.length === 0)).toBe(true)
      }
    },
  )

  test('lists functions that work on static numbers', () => {
    const names = page.match(/`([a-z ]+)` of static numbers give a static float/)?.[1]?.split(' ') ?? []
    expect(names).toHaveLength(11)
    const params = names.map((name) => {
      const given = name.endsWith('imum') ? '0.5, 0.25' : '0.5'
      return `param ${name}_: float = ${name}(${given})`
    })
    const { analysis } = checkFile(new Map([['p.dcr', `pipeline p {\n${params.join('\n')}\n}\n`]]), 'p.dcr')
    expect(analysis.diagnostics.filter((d) => d.severity === 'error')).toEqual([])
  })

  test('has every initial value and optimizer', () => {
    for (const name of initializerNames) expect(page).toMatch(new RegExp(`\`${name}[\`(]`))
    for (const { name } of optimizers) expect(page).toContain(`\`${name}\``)
  })
})

describe('docs/data.md', () => {
  const data = readFileSync('docs/data.md', 'utf8')

  test.each(examplesOf(data))('has an example that compiles: $name', { timeout: 120_000 }, (example) => {
    expect(problemsOf(example)).toBe('')
  })
})

describe('docs/extend.md', () => {
  const extend = readFileSync('docs/extend.md', 'utf8')

  test.each(examplesOf(extend))('has an example that compiles: $name', { timeout: 120_000 }, (example) => {
    expect(problemsOf(example)).toBe('')
  })

  test('quotes TypeScript as it is', () => {
    const quoted = blocksOf(extend).filter(({ language }) => language === 'ts')
    expect(quoted.length).toBeGreaterThan(2)
    for (const { about, text } of quoted) expect(readFileSync(about, 'utf8')).toContain(text)
  })
})

test('README.md: its pipeline checks, and what extends it too', () => {
  const [first, second] = blocksOf(readFileSync('README.md', 'utf8')).filter((b) => b.language === 'dcr')
  const files = new Map([
    ['digits.dcr', first?.text ?? ''],
    ['warmed.dcr', second?.text ?? ''],
  ])
  for (const file of files.keys()) expect(checkFile(files, file).shown).toBe('')
})
