import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkFile } from '../../src/compiler/check-file.js'
import { applyFixes } from '../../src/diagnostics/fix.js'
import { requestOf } from './analyze.js'

const fix = (start: number, end: number, text: string) => ({ span: { file: 'a', start, end }, text })

describe('fixes of one text', () => {
  it('are applied at their places, whatever their order', () => {
    expect(applyFixes('one two three', [fix(8, 13, '3'), fix(0, 3, '1')])).toEqual({
      text: '1 two 3',
      applied: 2,
    })
  })

  it('are refused where they overlap another', () => {
    expect(applyFixes('one two', [fix(0, 5, 'x'), fix(4, 7, 'y'), fix(5, 7, 'z')])).toEqual({
      text: 'xz',
      applied: 2,
    })
    expect(applyFixes('one', [fix(0, 0, 'a'), fix(0, 0, 'b')])).toEqual({ text: 'aone', applied: 1 })
  })

  it('take out whole lines with their documentation, and no blanks too many', () => {
    const text = 'let a = 1\n\n/// the second\n/// value\nlet b = [\n  2,\n]  \n// kept\nlet c = 3'
    const at = text.indexOf('let b')
    expect(applyFixes(text, [fix(at, text.indexOf(']') + 1, '')]).text).toBe(
      'let a = 1\n\n// kept\nlet c = 3',
    )
    expect(applyFixes('steps = 300', [fix(6, 7, '')]).text).toBe('steps 300')
    expect(applyFixes('a; b', [fix(1, 2, '')]).text).toBe('a b')
  })
})

/** What `check --fix` leaves of a source. */
function mended(source: string): { readonly text: string; readonly codes: readonly string[] } {
  let text = source
  for (let round = 0; round < 50; round++) {
    const found = checkFile(requestOf(text))
    const fixes = found.flatMap((d) => (d.fix && d.fix.span.file === 'main.dcr' ? [d.fix] : []))
    if (fixes.length === 0) return { text, codes: found.map((d) => d.code) }
    text = applyFixes(text, fixes).text
  }
  throw new Error('fixes without end')
}

describe('fixes of a pipeline', () => {
  const right = `use std.nn { Linear }

pipeline p {
  data mnist = mnist(split = "train", size = 8) rows 32 {
    image: f32[3, 8, 8] = image
  }
  model head = Linear(192, 10)
  let x = reshape(mnist.image, [32, 192])
  stage fit {
    train head.weight
    minimize mean(softmax(head(x), axis = 1))
    optimizer adamw(lr = 1e-3)
    steps 10
  }
}
`
  it.each([
    ['a name', 'mean(softmax(head(x)', 'maen(softmax(haed(x)'],
    ['a parameter', 'axis = 1', 'axes = 1'],
    ['a source', '= mnist(', '= minst('],
    ['a column', '= image\n', '= imgae\n'],
    ['a clause', 'optimizer', 'optimiser'],
    ['an optimizer', 'adamw(', 'adanw('],
    ['a part of a model', 'head.weight', 'head.weigth'],
    ['an import', '{ Linear }', '{ Linaer }'],
    ['imports too many', '{ Linear }', '{ Conv2d, Linear, LayerNorm, Embedding }'],
    ['values that nothing needs', '  stage fit', '  /// not used\n  let b = a\n  let a = 1\n  stage fit'],
    ['an `allow` that silences nothing', '    steps 10\n', '    steps 10\n    allow "stage/no-data" "x"\n'],
    ['a sign too many', 'steps 10', 'steps = 10'],
  ])('mend %s', (_, good, bad) => {
    expect(right).toContain(good)
    expect(mended(right.replaceAll(good, bad))).toEqual({ text: right, codes: [] })
  })

  it.each([
    ['an arm', '"sum" =>', '"smu" =>'],
    ['a comparison', '== "normal"', '== "nromal"'],
    ['a text of a type', '"velocity" =', '"velocty" ='],
  ])('mend %s', (_, good, bad) => {
    const texts = right
      .replace('use std.nn', 'use std.diffusion { ddpm, scaled_linear }\nuse std.nn')
      .replace(
        '  model head',
        `  param how: "mean" | "sum" = "mean"
  param start: "normal" | "scaled" = "scaled"
  param target: "eps" | "velocity" = "eps"
  let t = draw randint(0, 10) of [32]
  let noise = ddpm(steps = 10, beta = scaled_linear(0.01, 0.1))
  let goal = noise.goal(target, x, if start == "normal" { x } else { 2.0 * x }, t)
  model head`,
      )
      .replace('minimize', 'minimize match how { "mean" => mean(goal), "sum" => sum(goal) } +')
    expect(texts).toContain(good)
    expect(mended(texts)).toEqual({ text: texts, codes: [] })
    expect(mended(texts.replace(good, bad))).toEqual({ text: texts, codes: [] })
  })

  it('come to an end, and change nothing a second time', () => {
    for (const name of readdirSync(new URL('samples', import.meta.url)).filter((n) =>
      /^(?:name|allow|stage-unknown).*\.dcr$/.test(n),
    )) {
      const source = readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8')
      const once = mended(source)
      expect(mended(once.text)).toEqual(once)
    }
  })
})
