import { describe, expect, it } from 'vitest'
import { format } from '../../src/compiler/1-parse/format.js'
import { parse } from '../../src/compiler/1-parse/index.js'

const deep = 10_000

describe('nesting', () => {
  it.each([
    ['let a = ', '('],
    ['let a = ', '['],
    ['let a = ', 'not '],
    ['let a = ', '-'],
    ['let a = ', 'f('],
    ['let a = ', 'x['],
    ['let a = ', '{ a: '],
    ['let a = ', 'x ** '],
    ['let a = ', 'x + '],
    ['let a = ', '0..'],
    ['let a = ', '[x for x in '],
    ['let a = ', 'if c { a } else '],
    ['let a = ', 'match x { _ => '],
    ['let a = ', 'draw normal like '],
    ['let a = x', '.f'],
    ['let a = x', '()'],
    ['let a = x', '?'],
    ['let ', '('],
    ['fn f() ', '{ '],
    ['fn f(x: ', '['],
    ['fn f(x: ', 'float['],
  ])('of %s%s ten thousand times is refused', (start, part) => {
    const { diagnostics } = parse('t.dcr', start + part.repeat(deep))
    expect(diagnostics.map((d) => d.code)).toContain('syntax/too-deep')
  })

  it.each(['(', '[', 'f(', 'x[', '{ a: ', '{ ', 'match x { _ => '])(
    'of %s and then a mistake is told',
    (part) => {
      for (const start of ['let a = f', 'pipeline p { stage s { train '])
        for (const end of ['', ' x = 4,', ' )', '\nlet b = 2'])
          for (const count of [50, 90]) {
            const { diagnostics } = parse('t.dcr', start + part.repeat(count) + end)
            expect(diagnostics.length).toBeGreaterThan(0)
          }
    },
  )

  it('keeps what was read before', () => {
    const { file } = parse('t.dcr', `let a = 1\nlet b = ${'('.repeat(deep)}`)
    expect(file.declarations).toHaveLength(1)
  })

  it('is allowed as far as people write it', () => {
    const source = `let a = ${'('.repeat(90)}x${')'.repeat(90)} ${'+ x '.repeat(400)}`
    const { file, diagnostics } = parse('t.dcr', source)
    expect(diagnostics).toEqual([])
    expect(parse('t.dcr', format(file)).diagnostics).toEqual([])
  })
})

describe('files that are no sources', () => {
  it.each([
    ['garbage', '\u0000\u0001é'.repeat(50_000)],
    ['brackets', ')]}'.repeat(50_000)],
    ['one mistake a line', 'let a = \n'.repeat(20_000)],
    ['brackets never closed', 'let a = (\n'.repeat(20_000)],
    ['semicolons', ';'.repeat(100_000)],
    ['a long string', `let a = "${'x'.repeat(1_900_000)}`],
    ['a long string of escapes', `let a = "${'\\\\n'.repeat(900_000)}`],
    ['a long number', `let a = ${'1_'.repeat(900_000)}`],
    ['a long comment', `/* ${'x'.repeat(1_900_000)}`],
    ['a long comment with a sign of another language', `# ${'x'.repeat(1_900_000)}\n?`],
    ['more than is read', `let a = "${'x'.repeat(10_000_000)}"`],
    ['lone surrogates', '\ud800"\udc00'.repeat(20_000)],
  ])('%s: at most a hundred problems are told', (_, text) => {
    const begin = process.cpuUsage()
    const { diagnostics } = parse('t.dcr', text)
    expect(process.cpuUsage(begin).user).toBeLessThan(5e6)
    expect(diagnostics.length).toBeGreaterThan(0)
    expect(diagnostics.length).toBeLessThanOrEqual(101)
  })

  it('reads a long source in time', () => {
    const source =
      'fn f(x: float[...s, d], k: int = 3) -> float[...s, d] {\n  y = x * 2.0 + k\n  g(y[:, 0], axis = [1, 2])\n}\n'
    const text = source.repeat(5000)
    const begin = process.cpuUsage()
    const { file, diagnostics } = parse('t.dcr', text)
    expect(diagnostics).toEqual([])
    expect(file.declarations).toHaveLength(5000)
    // 20,000 lines take half a second of a quiet machine; this only catches a parse that grows faster than its text.
    expect(process.cpuUsage(begin).user).toBeLessThan(5e6)
  })
})
