import { describe, expect, it } from 'vitest'
import type { Diagnostic, Span } from '../../src/diagnostics/diagnostic.js'
import { Lines } from '../../src/diagnostics/positions.js'
import { diagnosticsJson, render } from '../../src/diagnostics/render.js'
import { closest, editDistance } from '../../src/diagnostics/suggest.js'

const plainText = { color: false, width: 80 }

function diagnostic(span: Span, more: Partial<Diagnostic> = {}): Diagnostic {
  return { code: 'test/code', severity: 'error', message: 'it does not fit', span, labels: [], ...more }
}

function spanOf(file: string, text: string, part: string): Span {
  const start = text.indexOf(part)
  return { file, start, end: start + part.length }
}

describe('rendering', () => {
  it('shows names of strangers without what steers a terminal', () => {
    const steering = '\u001b[2J\u202e\u0007 x'
    const shown = render(
      [
        diagnostic(
          { file: steering, start: 0, end: 0 },
          { message: steering, why: steering, help: steering },
        ),
      ],
      new Map(),
      plainText,
    )
    expect(shown).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
    expect(shown).toContain('error[test/code]: \u25a1[2J\u25a1\u25a1 x')
  })

  const lines = Array.from({ length: 40 }, (_, i) => `// line ${i + 1}`)
  lines[17] = '  model proj = Projector(clip.projection_dim, 768)'
  lines[30] = '  let c = condition(z)'
  const text = lines.join('\n')
  const span = spanOf('dcr.dcr', text, 'condition(z)')

  it('shows the marked lines in order, with labels, why and help', () => {
    const shown = render(
      [
        diagnostic(span, {
          labels: [
            { span, message: 'f32[16, 77, 768]' },
            { span: spanOf('dcr.dcr', text, '768'), message: 'width chosen here' },
          ],
          why: 'the unet has cross_attention_dim = 1024',
          help: 'first line\nsecond line',
        }),
      ],
      new Map([['dcr.dcr', text]]),
      plainText,
    )
    expect(shown).toBe(`error[test/code]: it does not fit
  --> dcr.dcr:31:11
   18 |   model proj = Projector(clip.projection_dim, 768)
      |                                               --- width chosen here
   31 |   let c = condition(z)
      |           ^^^^^^^^^^^^ f32[16, 77, 768]
  why:  the unet has cross_attention_dim = 1024
  help: first line
        second line
`)
  })

  it('shows labels in other files under their own place', () => {
    const other = 'fn condition(z) = proj(z)\n'
    const label = { span: spanOf('std/nn.dcr', other, 'proj'), message: 'called here' }
    const sources = new Map([
      ['dcr.dcr', text],
      ['std/nn.dcr', other],
    ])
    expect(render([diagnostic(span, { labels: [label] })], sources, plainText))
      .toBe(`error[test/code]: it does not fit
  --> dcr.dcr:31:11
   31 |   let c = condition(z)
      |           ^^^^^^^^^^^^
  ::: std/nn.dcr:1:19
    1 | fn condition(z) = proj(z)
      |                   ---- called here
`)
  })

  it('gives every mark on a line its own row', () => {
    const source = 'let a = b + c'
    const marks = [{ span: spanOf('a', source, 'b'), message: 'left' }]
    expect(
      render([diagnostic(spanOf('a', source, 'c'), { labels: marks })], new Map([['a', source]]), plainText),
    ).toBe(
      `error[test/code]: it does not fit
  --> a:1:13
    1 | let a = b + c
      |         - left
      |             ^
`,
    )
  })

  it('underlines a span of several lines to the end of its first', () => {
    const source = 'fn f(x) {\n  x\n}\n'
    const whole = { file: 'a', start: 0, end: source.length - 1 }
    expect(render([diagnostic(whole)], new Map([['a', source]]), plainText)).toContain(
      '    1 | fn f(x) {\n      | ^^^^^^^^^\n',
    )
  })

  it('counts the columns of wide characters, combining marks and tabs', () => {
    const source = '\t日本e\u0301x'
    expect(render([diagnostic(spanOf('a', source, 'x'))], new Map([['a', source]]), plainText)).toContain(
      `    1 |   日本e\u0301x\n      |        ^\n`,
    )
  })

  it('cuts long lines around what they are shown for, within the width', () => {
    const source = `let a = ${'x'.repeat(300)} HERE ${'y'.repeat(300)}`
    const shown = render([diagnostic(spanOf('a', source, 'HERE'))], new Map([['a', source]]), plainText)
    const [, , code, marks] = shown.split('\n')
    expect(code?.length).toBeLessThanOrEqual(80)
    expect(code?.slice(8)).toMatch(/^…x+ HERE y+…$/)
    expect(code?.indexOf('HERE')).toBe(marks?.indexOf('^^^^'))
  })

  it('shows the end of the file, and places in files that it has no text of', () => {
    expect(
      render([diagnostic({ file: 'a', start: 3, end: 3 })], new Map([['a', 'abc']]), plainText),
    ).toContain('  --> a:1:4\n    1 | abc\n      |    ^\n')
    expect(render([diagnostic({ file: 'gone', start: 3, end: 3 })], new Map(), plainText)).toBe(
      'error[test/code]: it does not fit\n  --> gone\n',
    )
  })

  it('colours without changing the text', () => {
    const sources = new Map([['dcr.dcr', text]])
    const coloured = render([diagnostic(span, { help: 'x' })], sources, { color: true, width: 80 })
    expect(coloured).toContain('\u001b[')
    // oxlint-disable-next-line no-control-regex -- colours are control characters
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(
      render([diagnostic(span, { help: 'x' })], sources, plainText),
    )
  })

  it('gives tools the lines and columns of every span', () => {
    const source = 'let a = 1\nlet b = c'
    const at = spanOf('a', source, 'c')
    expect(
      diagnosticsJson([diagnostic(at, { fix: { span: at, text: 'a' } })], new Map([['a', source]])),
    ).toEqual([
      {
        code: 'test/code',
        severity: 'error',
        message: 'it does not fit',
        span: { ...at, from: { line: 2, column: 9 }, to: { line: 2, column: 10 } },
        labels: [],
        fix: { text: 'a', span: { ...at, from: { line: 2, column: 9 }, to: { line: 2, column: 10 } } },
      },
    ])
  })
})

describe('positions', () => {
  it('count lines over all kinds of line breaks', () => {
    const lines = new Lines('a\nbb\r\n\rc')
    expect([0, 1, 2, 4, 6, 7, 8].map((offset) => lines.positionOf(offset))).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 2 },
      { line: 2, column: 1 },
      { line: 2, column: 3 },
      { line: 3, column: 1 },
      { line: 4, column: 1 },
      { line: 4, column: 2 },
    ])
    expect(lines.lineText(2)).toBe('bb')
    expect(lines.count).toBe(4)
  })
})

describe('suggestions', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['pipline', 'pipeline', 1],
    ['fro', 'for', 1],
    ['', 'abc', 3],
    ['ca', 'abc', 3],
  ])('%s and %s are %i edits apart', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  it('offer the closest name, and none where all are far', () => {
    expect(closest('projecton_dim', ['projection_dim', 'project', 'dim'])).toBe('projection_dim')
    expect(closest('xyz', ['projection_dim', 'loss'])).toBeUndefined()
    expect(closest('a', ['b', 'c'])).toBeUndefined()
  })
})
