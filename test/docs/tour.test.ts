import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { blocksOf, checkFile } from '../tools/tour.js'

const page = readFileSync('docs/tour.md', 'utf8')
const blocks = blocksOf(page)

describe('docs/tour.md', () => {
  test('has only files that check without a word', () => {
    const files = new Map<string, string>()
    for (const { about, text } of blocks.filter((b) => b.language === 'dcr')) {
      expect(about).toMatch(/^tour\/\w+\.dcr$/)
      files.set(about, text)
      expect(checkFile(files, about).shown).toBe('')
    }
    expect(files.size).toBe(2)
  })

  test('begins with what `dcrc new` makes', () => {
    const first = blocks.find((b) => b.language === 'dcr')
    expect(first?.text).toBe(readFileSync('pipelines/examples/digits.dcr', 'utf8'))
  })

  test('edits files so that each has one mistake', () => {
    const files = new Map<string, string>()
    let edits = 0
    for (const { language, about, text } of blocks) {
      if (language === 'dcr') files.set(about, text)
      if (language !== 'diff') continue
      const [before, after] = ['-', '+'].map((sign) =>
        text.split('\n').flatMap((line) => (line.startsWith(sign) ? [line.slice(1)] : [])),
      )
      const edited = files.get(about)?.replace(before?.[0] ?? '?', () => after?.[0] ?? '?') ?? ''
      const { analysis } = checkFile(new Map([...files, [about, edited]]), about)
      expect(analysis.diagnostics.filter((d) => d.severity === 'error')).toHaveLength(1)
      edits++
    }
    expect(edits).toBeGreaterThanOrEqual(3)
  })
})
