import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { format } from '../../src/compiler/1-parse/format.js'
import { parse } from '../../src/compiler/1-parse/index.js'
import { scan } from '../../src/compiler/1-parse/scan.js'
import { plain } from './plain.js'
import { randomOf, type Random } from './mutate.js'
import { program } from './programs.js'
import { sourcesIn } from './sources.js'

describe('the formatter on the sources of the project', () => {
  for (const { path, text } of sourcesIn('pipelines', 'test')) {
    const { file, diagnostics } = parse(path, text)
    if (diagnostics.length > 0) continue
    it(`keeps tree and comments of ${path}, and is done after one time`, () => {
      const once = format(file)
      const again = parse(path, once)
      expect(again.diagnostics).toEqual([])
      expect(plain([again.file.uses, again.file.declarations])).toEqual(plain([file.uses, file.declarations]))
      expect(again.file.comments.map((c) => c.text.trimEnd())).toEqual(
        file.comments.map((c) => c.text.trimEnd()),
      )
      expect(format(again.file)).toBe(once)
    })
  }
})

describe('the formatter on any program', () => {
  it('leaves a comment apart that an empty line parts from what is below, whatever ends the line', () => {
    for (const lineBreak of ['\n', '\r\n', '\r'])
      for (const blank of ['', ' ', '\t', '\f', '\v', '\u00a0', '\ufeff'])
        for (const [text, doc] of [
          ['/// of a\n{}let a = 1\n', 'of a'],
          ['/// apart\n{}\n{}let a = 1\n', undefined],
          ['let b = 2\n{}/// of a\n{}let a = 1\n', 'of a'],
        ] as const) {
          const source = text.replaceAll('{}', blank).replaceAll('\n', lineBreak)
          const { file } = parse('a.dcr', source)
          const again = parse('a.dcr', format(file)).file
          const docs = [file, again].map(({ declarations }) => declarations.at(-1))
          expect(
            docs.map((d) => (d && 'doc' in d ? d.doc : undefined)),
            JSON.stringify(source),
          ).toEqual([doc, doc])
        }
  })

  it('separates by lines, and by a sign where the line below would go on with the one above', () => {
    const text = `pipeline p {
  let r = {
    noise: draw normal
    // a note
    like: 1 // another
    of: 2
  }
  data d = source() {
    x: f32[] = draw normal
    of: f32[] = x
  }
  fn f(of) {
    x = draw normal;
    of[0] * x
  }
}
`
    const source = text.replace('normal;\n', 'normal; ')
    const { file, diagnostics } = parse('p.dcr', source.replace('1 //', '1, //'))
    expect(diagnostics).toEqual([])
    expect(format(file)).toBe(text)
  })

  it('prints trees that the parser reads back, in a form that it leaves alone', () => {
    fc.assert(
      fc.property(program, (file) => {
        const once = format(file)
        const { file: again, diagnostics } = parse(file.path, once)
        expect(diagnostics).toEqual([])
        expect(plain([again.uses, again.declarations])).toEqual(plain([file.uses, file.declarations]))
        expect(format(again)).toBe(once)
      }),
      { numRuns: 1000, seed: 1 },
    )
  })

  it('loses no comment, wherever it stands', () => {
    let read = 0
    fc.assert(
      fc.property(program, fc.integer(), (file, seed) => {
        const { text, count } = withComments(format(file), randomOf(seed))
        const { file: commented, diagnostics } = parse(file.path, text)
        if (diagnostics.length > 0) return
        read++
        const once = format(commented)
        const again = parse(file.path, once)
        expect(again.diagnostics).toEqual([])
        expect(plain([again.file.uses, again.file.declarations])).toEqual(
          plain([commented.uses, commented.declarations]),
        )
        const kept = again.file.comments.flatMap((comment) => comment.text.match(/note\d+/g) ?? [])
        expect(kept.map((note) => Number(note.slice(4))).sort((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, i) => i),
        )
        expect(format(again.file)).toBe(once)
      }),
      { numRuns: 1000, seed: 1 },
    )
    expect(read).toBeGreaterThan(300)
  })
})

/** Puts numbered comments before some tokens, behind code or on lines of their own, with or without blank lines. */
function withComments(source: string, random: Random): { text: string; count: number } {
  let text = ''
  let last = 0
  let count = 0
  for (const token of scan('', source).tokens) {
    // After a line break these would begin another statement.
    const movable = !/^[[(-]$/.test(token.image)
    if (!movable || random(12) > 0) continue
    text += source.slice(last, token.startOffset)
    last = token.startOffset
    const before = ['', '\n', '\n\n'][random(3)] ?? ''
    const after = ['\n', '\n\n'][random(2)] ?? ''
    text += `${before}${random(2) > 0 ? '//' : '///'} note${count++}${after}`
  }
  return { text: text + source.slice(last), count }
}
