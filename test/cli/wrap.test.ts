import { describe, expect, it } from 'vitest'
import { kinds } from '../../src/diagnostics/catalogue/index.js'
import { fill, wrap } from '../../src/diagnostics/wrap.js'

describe('lines for a terminal', () => {
  it('break at blanks, and go on indented', () =>
    expect(wrap('  bus   3 MB in and 2 MB out per step', 30, 8)).toBe(
      '  bus   3 MB in and 2 MB out\n        per step',
    ))
  it('stay whole where they fit, in a pipe, and where nothing can be broken', () => {
    expect(wrap('a b c', 80, 0)).toBe('a b c')
    expect(wrap('x '.repeat(80), undefined, 0)).toBe('x '.repeat(80))
    expect(wrap('x'.repeat(80), 40, 0)).toBe('x'.repeat(80))
  })
})

describe('pages of explain', () => {
  const words = (text: string): readonly string[] => text.split(/\s+/)
  it.each([...kinds.values()].map(({ code, page }) => ({ code, page })))(
    '$code fits 80 columns',
    ({ page }) => {
      const filled = fill(page, 80)
      expect(words(filled)).toEqual(words(page))
      const prose = filled.replaceAll(/^```[^]*?^```$/gm, '').split('\n')
      expect(prose.filter((line) => line.length > 80)).toEqual([])
      expect(filled.match(/^```[^]*?^```$/gm)).toEqual(page.match(/^```[^]*?^```$/gm))
    },
  )
})
