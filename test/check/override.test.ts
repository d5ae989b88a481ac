import { describe, expect, it } from 'vitest'
import { analyzeSources, problems } from './analyze.js'

const base = `let side = 8
pipeline base {
  data mnist = mnist(split = "train", size = side) {
    image: f32[3, side, side] = image
    digit: i64[] = digit
  }
}`
const lowered = (items: string, declarations = '') => {
  const main = `use "./base.dcr" { base }\n${declarations}\npipeline p extends base { ${items} }`
  const analysis = analyzeSources({ 'main.dcr': main, 'base.dcr': base })
  return analysis.lowered?.data[0]
}
const shapes = (items: string, declarations?: string) => {
  const data = lowered(items, declarations)
  return data?.fields.map((f, k) => [f.name, f.shape, data.parts[0]?.values[k]])
}
const digit = ['digit', [], { kind: 'column', name: 'digit' }]

describe('override data', () => {
  it('without a source keeps it, and the fields that are not named', () => {
    const own =
      'override data mnist = mnist(split = "test", size = side) { image: f32[3, side, side] = image }'
    expect(shapes(own, 'let side = 16')).toEqual([
      ['image', [3, 16, 16], { kind: 'column', name: 'image' }],
      digit,
    ])
    const rows = lowered(own, 'let side = 16')?.parts[0]?.rows
    expect(rows?.kind === 'source' && rows.arguments['split']).toBe('test')
    expect(shapes('override data mnist { label: i64[] = digit }')).toEqual([
      ['image', [3, 8, 8], { kind: 'column', name: 'image' }],
      digit,
      ['label', [], { kind: 'column', name: 'digit' }],
    ])
    expect(lowered('override data mnist = mnist(split = "test", size = 8)')?.fields).toHaveLength(2)
  })

  it('needs an inherited one', () => {
    const main = `use "./base.dcr" { base }\npipeline p extends base { override data minst { a: i64[] = digit } }`
    expect(problems({ 'main.dcr': main, 'base.dcr': base })).toEqual([
      'pipeline/nothing-to-override: there is no inherited data `minst` to override',
    ])
  })
})

describe('override of a param that chooses from texts', () => {
  const base = `use std.nn { Linear }
pipeline base {
  param target: "eps" | "velocity" = "eps"
  data mnist = mnist(split = "train", size = 8) rows 4 { image: f32[3, 8, 8] = image }
  let x = mnist.image
  let goal = match target { "eps" => x, "velocity" => -x }
  model head = Linear(192, 2)
  stage fit {
    train head
    minimize mean(head(flatten(goal, 1)))
    optimizer adamw(lr = 1e-3)
    steps 10
  }
}`
  const found = (items: string) =>
    problems({
      'main.dcr': `use "./base.dcr" { base }\npipeline p extends base { ${items} }`,
      'base.dcr': base,
    })

  it('takes another of them', () => {
    expect(found('override param target = "velocity"')).toEqual([])
  })

  it('takes no others, whatever type it is written with', () => {
    const [problem] = found('override param target = "clean"')
    expect(problem).toMatch(
      /^type\/mismatch: param `target`: expected "eps" \| "velocity", got the string "clean"/,
    )
    for (const type of ['int', '"eps" | "velocity"', '"eps" | "velocity" | "clean"'])
      expect(found(`override param target: ${type} = "velocity"`)).toEqual([
        'syntax/override-type: the type of the inherited param `target` stays as it is',
      ])
  })

  it('keeps the type as the file of the base means it', () => {
    const size = 'record Size { width: int = 3 }\nlet small = Size()\n'
    const sized = base
      .replace('  param', '  param size: Size = small\n  param')
      .replace('-x }', '-x } * size.width')
    const main = (value: string): Record<string, string> => ({
      'main.dcr': `use "./base.dcr" { base, small }\nrecord Size { width: int = 4 }\npipeline p extends base { override param size = ${value} }`,
      'base.dcr': size + sized,
    })
    expect(problems(main('small with { width: 5 }'))).toEqual(['name/unused: record `Size` is never used'])
    expect(problems(main('Size()'))).toEqual([expect.stringMatching(/^type\/mismatch: param `size`/)])
  })
})

it('an inherited model that nothing needs is left out, one of the pipeline itself stays', () => {
  const base = `use std.nn { Linear }
pipeline base {
  data mnist = mnist(split = "train", size = 8) rows 4 { image: f32[3, 8, 8] = image }
  let x = flatten(mnist.image, 1)
  model head = Linear(192, 2) from "weights/head"
  model teacher = Linear(192, 2) from "weights/teacher"
  model shown = Linear(192, 2) from "weights/shown"
  loss own = mean(square(head(x)))
  loss taught = mean(square(head(x) - teacher(x)))
  stage fit { train head; minimize taught; optimizer adamw(lr = 1e-3); steps 10 }
  export shown
}`
  const models = (items: string) =>
    analyzeSources({
      'main.dcr': `use std.nn { Linear }\nuse "./base.dcr" { base }\npipeline p extends base { ${items} }`,
      'base.dcr': base,
    }).lowered?.models.map(({ name }) => name)
  expect(models('')).toEqual(['head', 'teacher', 'shown'])
  expect(models('override stage fit { minimize own }')).toEqual(['head', 'shown'])
  expect(models('override stage fit { minimize own; monitor off = taught every 5 }')).toEqual([
    'head',
    'teacher',
    'shown',
  ])
  expect(models('override stage fit { minimize own }; model idle = Linear(2, 2)')).toEqual([
    'head',
    'shown',
    'idle',
  ])
})
