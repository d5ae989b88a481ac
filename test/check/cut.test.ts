import { expect, test } from 'vitest'
import { cut } from '../../src/diagnostics/cut.js'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.js'

/* Aim: a mistake that is made ten thousand times does not print two megabytes, and nothing else is left out. */

const diagnostic = (code: string, start: number): Diagnostic => ({
  code,
  severity: 'error',
  message: `${code} ${start}`,
  span: { file: 'a.dcr', start, end: start },
  labels: [],
})

test('of each kind the first fifty are shown, in their order, and the rest is counted', () => {
  const many = Array.from({ length: 10_000 }, (_, k) => diagnostic(k % 100 === 99 ? 'b/rare' : 'a/often', k))
  const { shown, left } = cut([...many, diagnostic('c/once', 0)])
  expect(shown).toHaveLength(101)
  expect(shown.filter(({ code }) => code === 'a/often')).toEqual(many.slice(0, 50))
  expect(shown.at(-1)?.code).toBe('c/once')
  expect([...left]).toEqual([
    ['a/often', 9850],
    ['b/rare', 50],
  ])
})
