import { describe, expect, test } from 'vitest'
import { compareRuns } from '../../src/report/compare.js'
import { decimal, duration, percent, short, signed } from '../../src/report/format.js'
import { markdownTable, textTable, wrap } from '../../src/report/table.js'
import { sampleRuns } from './sample-runs.js'

const comparison = compareRuns(sampleRuns(300))

describe('textTable', () => {
  test.each([40, 80, 100, 120, 200])(
    'no line is longer than %i columns, and every value stands once',
    (width) => {
      const text = textTable(comparison, width)
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width)
      for (const value of ['0.205±0.004 ▲', '0.066±0.004 ▼', '0.391±0.006 ▲'])
        expect(text.split(value)).toHaveLength(2)
    },
  )

  test('at 120 columns', () => {
    expect(textTable(comparison, 120)).toMatchSnapshot()
  })

  test('at 80 columns', () => {
    expect(textTable(comparison, 80)).toMatchSnapshot()
  })
})

test('markdownTable has one row per method, equal numbers of cells, and bold for the best', () => {
  const text = markdownTable(comparison)
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  expect(lines).toHaveLength(2 + 4)
  const cells = lines.map((line) => line.replaceAll('\\|', '').split('|').length)
  expect(new Set(cells).size).toBe(1)
  expect(text).toContain('**0.205 ± 0.004** ▲')
  expect(text.match(/\*\*/g)).toHaveLength(4)
})

test('numbers', () => {
  expect([0, 0.1834, -0.0123, 12.345, 123.45, 12345.6, 1e-5, 2e6].map(decimal)).toEqual([
    '0.000',
    '0.183',
    '−0.012',
    '12.35',
    '123.5',
    '12346',
    '1.0e−5',
    '2.0e+6',
  ])
  expect([signed(0.5), signed(-0.5)]).toEqual(['+0.500', '−0.500'])
  expect([0, 0.5, 0.123, 1].map(percent)).toEqual(['0 %', '50.0 %', '12.3 %', '100 %'])
  expect([5, 43.2, 12_345, 59_999, 200_000, 7_500_000].map(duration)).toEqual([
    '5.0 ms',
    '43 ms',
    '12.3 s',
    '60.0 s',
    '3 min 20 s',
    '2 h 05 min',
  ])
  expect([12, 1234, 24_832, 858_112, 2_100_000, 4e9].map(short)).toEqual([
    '12',
    '1,234',
    '25 k',
    '858 k',
    '2.1 M',
    '4.0 G',
  ])
})

test('wrap breaks at spaces and never inside a word', () => {
  expect(wrap('aa bb cc dddddddd e', 5)).toBe('aa bb\ncc\ndddddddd\ne')
})
