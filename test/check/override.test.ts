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
const shapes = (items: string, declarations?: string) =>
  lowered(items, declarations)?.fields.map((f) => [f.name, f.shape, f.value])
const digit = ['digit', [], { kind: 'column', name: 'digit' }]

describe('override data', () => {
  it('without a source keeps it, and the fields that are not named', () => {
    const own =
      'override data mnist = mnist(split = "test", size = side) { image: f32[3, side, side] = image }'
    expect(shapes(own, 'let side = 16')).toEqual([
      ['image', [3, 16, 16], { kind: 'column', name: 'image' }],
      digit,
    ])
    expect(lowered(own, 'let side = 16')?.arguments['split']).toBe('test')
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

  it('may leave out some that the base has arms for', () => {
    expect(found('override param target: "velocity" = "velocity"')).toEqual([])
  })

  it('may add one together with an arm for it', () => {
    const param = 'override param target: "eps" | "velocity" | "clean" = "eps"'
    const added = 'param `target` may be "clean", for which a `match` has no arm'
    expect(found(param)).toEqual([`pipeline/unhandled-text: ${added}`])
    const goal = 'override let goal = match target { "eps" => x, "velocity" => -x, "clean" => x }'
    expect(found(`${param}; ${goal}`)).toEqual([])
  })

  it('leaves no arm of its own behind', () => {
    const param = 'override param target: "eps" = "eps"'
    expect(found(`${param}; override let goal = match target { "eps" => x, "velocity" => -x }`)).toEqual([
      'pipeline/dead-arm: this arm is never taken: param `target` is never "velocity"',
    ])
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
