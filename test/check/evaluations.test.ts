import { describe, expect, it } from 'vitest'
import { partsOf } from '../../src/compiler/4-lower/lowered.js'
import { analyzeSources, problems } from './analyze.js'

const program = (items: string): string => `use std.nn { Linear }
pipeline p {
  data a = mnist(split = "test", size = 8) rows 4 { image: f32[3, 8, 8] = image, digit: i64[] = digit }
  data b = mnist(split = "train", size = 8) { image: f32[3, 8, 8] = image, digit: i64[] = digit }
  model head = Linear(192, 10)
  fn features(image) = head(flatten(image, 1))
  ${items}
}`

const evaluations = (items: string) => {
  const { lowered, diagnostics } = analyzeSources(program(items))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return lowered?.evaluations ?? []
}

describe('an evaluation', () => {
  it('takes as many rows of its data set at a time as the declaration says, or else as the compiler chooses', () => {
    const [one, two] = evaluations(`
      evaluate one = clustering(features = features(a.image), label = a.digit)
      evaluate two = clustering(features = features(b.image), label = b.digit)`)
    expect(one && partsOf(one).map(({ group, data, rows }) => [group, data, rows])).toEqual([
      ['rows', 'a', 4],
    ])
    expect(two && partsOf(two).map(({ data, rows }) => [data, rows])).toEqual([['b', 64]])
  })

  it('is made once for each of a `for`, by its name, with settings of its own', () => {
    const [d] = evaluations(
      'evaluate d = clustering(features = features(s.image), label = s.digit, clusters = shape(s.image)[0]) for s in [a, b]',
    )
    expect(d?.cases.map(({ name, settings }) => [name, settings['clusters']])).toEqual([
      ['a', 4],
      ['b', 64],
    ])
    expect(d?.cases.map(({ parts }) => parts.map(({ data }) => data))).toEqual([['a'], ['b']])
  })

  it('goes over models too, and over nothing else', () => {
    const own = (list: string): string =>
      `model other = Linear(192, 10)
       evaluate d = clustering(features = m(flatten(a.image, 1)), label = a.digit) for m in ${list}`
    const [d] = evaluations(own('[head, other]'))
    expect(d?.cases.map(({ name }) => name)).toEqual(['head', 'other'])
    expect(problems(program(own('[head, head]')))).toContain('evaluate/arguments: `head` is named twice')
    expect(problems(program(own('[1, 2]'))).join('\n')).toMatch(
      /evaluate\/arguments: `for m in` goes over data sets or models/,
    )
  })

  it('lets a draw go with its row, and refuses what depends on the rows beside it', () => {
    const value = (features: string): string[] =>
      problems(program(`evaluate d = clustering(features = ${features}, label = a.digit)`)).filter(
        (p) => !p.startsWith('name/unused'),
      )
    expect(value('features(a.image) + draw normal of [4, 10]')).toEqual([])
    expect(value('softmax(features(a.image), axis = 1)')).toEqual([])
    expect(value('softmax(features(a.image), axis = 0)')).toEqual([
      'evaluate/coupled: `features` mixes the rows of `a`: Softmax makes each depend on the others',
    ])
    expect(value('features(a.image)[::2]')[0]).toMatch(/^evaluate\/(coupled|arguments)/)
  })
})

describe('references', () => {
  const besides = (references: string): string =>
    `evaluate d = clustering(features = features(a.image), label = a.digit, beside = ${references})`

  it('are the same call with other arguments, in groups of their own', () => {
    const [d] = evaluations(besides('{ pixels: { features: flatten(a.image, 1) } }'))
    const parts = d?.cases[0]?.parts ?? []
    expect(parts.map(({ beside, data, rows }) => [beside, data, rows])).toEqual([
      [undefined, 'a', 4],
      ['pixels', 'a', 4],
    ])
    expect(parts.map(({ graph }) => graph.outputs.map((o) => o.value.type.shape))).toEqual([
      [[4, 10], [4]],
      [[4, 192], [4]],
    ])
    expect(evaluations(besides('none'))[0]?.cases[0]?.parts).toHaveLength(1)
  })

  it('name arguments that the call reads, and are checked as these are', () => {
    const told = (references: string): string => problems(program(besides(references))).join('\n')
    expect(told('{ x: { feature: a.image } }')).toContain('which this `clustering` does not read')
    expect(told('{ x: { group: a.digit } }')).toContain('which this `clustering` does not read')
    expect(told('{ x: 1.0 }')).toContain('`beside` takes for `x` a record of arguments, got')
    expect(told('3')).toContain('`beside` takes a record of references, got')
    expect(told('{ x: { features: features } }')).toContain('`features` wants a tensor')
    expect(told('{ x: { features: flatten(b.image, 1) } }')).toContain('belong to one row')
    expect(told('{ x: { label: features(a.image) } }')).toContain('it must be one number')
    expect(told('{ x: { features: softmax(features(a.image), axis = 0) } }')).toContain(
      'mixes the rows of `a`',
    )
  })
})

describe('published numbers', () => {
  const clusteringOf = (published: string, cases = ''): string => `
    evaluate d = clustering(features = features(${cases === '' ? 'a' : 's'}.image), label = ${cases === '' ? 'a' : 's'}.digit, published = ${published})${cases}`

  it('go to the results of the evaluation, under `for` to the case of their name', () => {
    const [alone] = evaluations(clusteringOf('{ nmi: { others: 0.63 } }'))
    expect(alone?.cases[0]?.settings['published']).toEqual({ nmi: { others: 0.63 } })
    const [both] = evaluations(clusteringOf('{ a: { nmi: { others: 0.5 } } }', ' for s in [a, b]'))
    expect(both?.cases.map(({ settings }) => settings['published'])).toEqual([
      { nmi: { others: 0.5 } },
      undefined,
    ])
  })

  it('are numbers of metrics that the kind has, by names', () => {
    const told = (published: string): string => problems(program(clusteringOf(published))).join('\n')
    expect(told('{ nmo: { others: 0.5 } }')).toContain('names `nmo`, which is no metric of `clustering`')
    expect(told('{ nmi: 0.5 }')).toContain('takes numbers by the names of those who measured them')
    expect(told('0.5')).toContain('takes a record of metrics')
  })

  it('and settings of few values are checked', () => {
    const text = 'evaluate d = clustering(features = features(a.image), label = a.digit, init = "far")'
    expect(problems(program(text)).join('\n')).toContain(
      '`init` takes "k-means++" or "random", got the string "far"',
    )
  })
})
