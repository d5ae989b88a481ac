import { describe, expect, it } from 'vitest'
import type { DataSpec } from '../../src/artefact/data.js'
import { stageIdentities } from '../../src/compiler/9-emit/stage-hash.js'
import { analyzeSources, problems } from './analyze.js'

const program = (data: string, more = ''): string => `use std.nn { Linear }
pipeline p {
  param keep: int = 5
  ${data}
  model head = Linear(192, 10)
  stage fit {
    train head
    minimize mean(square(head(flatten(train.image, 1))))
    optimizer sgd(lr = 0.1)
    steps 10
  }
  ${more}
}`
const declared = (
  data: string,
  settings?: Readonly<Record<string, string>>,
): ReadonlyMap<string, DataSpec> => {
  const { lowered, diagnostics } = analyzeSources(program(data), settings)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return new Map(lowered?.data.map((spec) => [spec.name, spec]))
}
const digits = { kind: 'source', source: 'mnist', arguments: { split: 'train', size: 8 } } as const
const all = 'data all = mnist(split = "train", size = 8)'
const image = 'image: f32[3, 8, 8] = image'
const column = (name: string) => ({ kind: 'column', name }) as const

describe('data that takes rows of other data', () => {
  it('has their source and fields, and an order of its own', () => {
    const data = declared(`data train = mnist(split = "train", size = 8) rows 4 { ${image} }
      data twin = train rows 8`)
    const [a, b] = [data.get('train'), data.get('twin')]
    expect(b).toEqual({ ...a, name: 'twin' })
    expect(a?.parts).toEqual([{ rows: digits, group: 0, lets: [], values: [column('image')] }])
  })

  it('adds fields, and overrides fields by the word, of other sizes too', () => {
    const data = declared(`${all} { ${image} }
      data train = all rows 4 { label: i64[] = digit }
      data other = train { override image: i64[] = digit, again: f32[3, 8, 8] = image }`)
    const spec = data.get('other')
    expect(spec?.fields.map(({ name, shape }) => [name, shape])).toEqual([
      ['image', []],
      ['label', []],
      ['again', [3, 8, 8]],
    ])
    expect(spec?.parts[0]?.values).toEqual([column('digit'), column('digit'), column('image')])
  })

  it('has the columns of two rows behind pairs, in fields and in conditions', () => {
    const data = declared(`${all} { ${image} }
      data train = where(pairs(all, seed = 2), digit < other_digit) rows 4 {
        second: f32[3, 8, 8] = other_image
      }`)
    const spec = data.get('train')
    expect(spec?.parts[0]?.rows).toEqual({
      kind: 'where',
      of: { kind: 'pairs', of: digits, seed: 2 },
      condition: { kind: 'operation', operator: '<', operands: [column('digit'), column('other_digit')] },
    })
    expect(spec?.parts[0]?.values).toEqual([column('image'), column('other_image')])
    expect(
      problems(program(`data train = pairs(pairs(mnist(split = "train", size = 8))) rows 4 { ${image} }`)),
    ).toEqual(['data/operation: `pairs` of rows that have a column `other_image` already'])
  })

  it('may stand before what it takes, in any number of steps', () => {
    const data = declared(`data train = limit(half, 100) rows 4 { ${image} }
      data half = part(where(all, digit < keep and not digit == 2), 20%..60%, by = digit, seed = 3)
      ${all}`)
    const condition = (...operands: readonly object[]) => operands
    const [lessThan, two] = condition(
      { kind: 'operation', operator: '<', operands: [column('digit'), { kind: 'literal', value: 5 }] },
      { kind: 'operation', operator: '==', operands: [column('digit'), { kind: 'literal', value: 2 }] },
    )
    const where = {
      kind: 'where',
      of: digits,
      condition: {
        kind: 'operation',
        operator: 'and',
        operands: [lessThan, { kind: 'operation', operator: 'not', operands: [two] }],
      },
    }
    const half = { kind: 'part', of: where, from: 0.2, to: 0.6, by: column('digit'), seed: 3 }
    expect(data.get('train')?.parts[0]?.rows).toEqual({ kind: 'limit', of: half, count: 100 })
  })

  it('reads a `let` once, in its own block and in one that takes it over; another of the name is another', () => {
    const data =
      declared(`data all = mnist(split = "train", size = 8) { let shown = image, image: f32[3, 8, 8] = shown }
      data train = all rows 4 { let shown = digit, label: i64[] = shown }`)
    const [part] = data.get('train')?.parts ?? []
    expect(part?.lets).toEqual([
      { name: 'all.shown', value: column('image') },
      { name: 'train.shown', value: column('digit') },
    ])
    expect(part?.values).toEqual([
      { kind: 'let', name: 'all.shown' },
      { kind: 'let', name: 'train.shown' },
    ])
  })
})

describe('a mix', () => {
  const two = `data digits = mnist(split = "train", size = 8) { ${image}, label: i64[] = digit }
    data emoji = emoji_art(size = 8) { label: i64[] = concept, image: f32[3, 8, 8] = image }`

  it('makes each row by the declaration that it comes from', () => {
    const spec = declared(`${two}\ndata train = mix([digits, emoji], weights = [3, 1]) rows 4`).get('train')
    expect(spec?.weights).toEqual([3, 1])
    expect(spec?.parts.map(({ group, lets }) => [group, lets])).toEqual([
      [
        0,
        [
          { name: 'train.image', value: column('image') },
          { name: 'train.label', value: column('digit') },
        ],
      ],
      [
        1,
        [
          { name: 'train.image', value: column('image') },
          { name: 'train.label', value: column('concept') },
        ],
      ],
    ])
    for (const { values } of spec?.parts ?? [])
      expect(values).toEqual([
        { kind: 'let', name: 'train.image' },
        { kind: 'let', name: 'train.label' },
      ])
  })

  it('of mixes has the shares of its parts; without weights all rows are one set', () => {
    const data = declared(`${two}
      data inner = mix([digits, emoji], weights = [3, 1])
      data train = mix([inner, digits], weights = [1, 1]) rows 4
      data joined = mix([digits, emoji])
      data outer = mix([joined, emoji], weights = [2, 1])`)
    expect(data.get('train')?.weights).toEqual([0.75, 0.25, 1])
    expect(data.get('joined')?.weights).toEqual([1])
    expect(data.get('joined')?.parts.map(({ group }) => group)).toEqual([0, 0])
    expect(data.get('outer')?.weights).toEqual([2, 1])
    expect(data.get('outer')?.parts.map(({ group }) => group)).toEqual([0, 0, 1])
  })

  it('is divided and limited part by part, and chosen from by what its fields are made of', () => {
    const data = declared(`${two}
      data both = mix([digits, emoji], weights = [3, 1])
      data train = limit(where(part(both, 0%..50%), label > 2), 10) rows 4`)
    const [first, second] = data.get('train')?.parts ?? []
    const condition = (name: string) => ({
      kind: 'operation',
      operator: '>',
      operands: [column(name), { kind: 'literal', value: 2 }],
    })
    expect(first?.rows).toMatchObject({ kind: 'limit', count: 8, of: { condition: condition('digit') } })
    expect(second?.rows).toMatchObject({ kind: 'limit', count: 2, of: { condition: condition('concept') } })
    expect(first?.rows).toMatchObject({ of: { of: { kind: 'part', from: 0, to: 0.5, of: digits } } })
  })

  it('of declarations without fields has the columns that they have in common', () => {
    const data = (fields: string) => `data digits = mnist(split = "train", size = 8)
      data emoji = emoji_art(size = 8)
      data train = mix([digits, emoji], weights = [1, 1]) rows 4 { ${fields} }`
    expect(declared(data(image)).get('train')?.parts[1]?.values).toEqual([column('image')])
    expect(problems({ 'main.dcr': program(data(`${image}, label: i64[] = digit`)) })).toEqual([
      'data/field: the source has no column `digit`',
    ])
  })

  it('within a mix has values of its own, though the fields have the same names', () => {
    const spec = declared(`${two}
      data train = mix([mix([digits, emoji], weights = [1, 1]), emoji], weights = [1, 1]) rows 4`).get(
      'train',
    )
    expect(spec?.parts).toHaveLength(3)
    for (const { lets } of spec?.parts ?? [])
      expect(new Set(lets.map(({ name }) => name)).size).toBe(lets.length)
  })
})

describe('the hash of a stage', () => {
  const hash = (data: string, more = ''): string | undefined => {
    const { lowered } = analyzeSources(program(data, more))
    return lowered && stageIdentities(lowered, 'cpu', 'test')[0]?.hash
  }
  const base = `${all}\ndata train = part(all, 0%..80%) rows 4 { ${image} }`

  it('follows what is taken of other data, and nothing that is not read', () => {
    const others = [
      base.replace('80%', '81%'),
      base.replace('0%..80%', '0%..80%, seed = 1'),
      base.replace('0%..80%', '0%..80%, by = digit'),
      base.replace('part(all', 'part(where(all, digit < 5)'),
      base.replace('part(all', 'part(where(all, digit < 6)'),
      base.replace('part(all', 'part(limit(all, 500)'),
      base.replace('split = "train"', 'split = "test"'),
      base.replace(`{ ${image}`, '{ let shown = image, image: f32[3, 8, 8] = shown'),
    ]
    const hashes = [base, ...others].map((data) => hash(data))
    expect(hashes).not.toContain(undefined)
    expect(new Set(hashes).size).toBe(hashes.length)
    // the declaration between is no more than what it stands for
    expect(hash(base.replaceAll(/\ball\b/g, 'whole'))).toBe(hash(base))
    expect(
      hash(
        `${base}\ndata test = part(all, 80%..100%) { ${image} }`,
        'evaluate e = average(value = mean(test.image))',
      ),
    ).toBe(hash(base))
  })
})

describe('data that may share rows', () => {
  const warned = (train: string, test: string): boolean =>
    analyzeSources(
      program(
        `${all}\ndata train = ${train} rows 4 { ${image} }\ndata test = ${test} { ${image} }`,
        'evaluate e = average(value = mean(test.image))',
      ),
    ).diagnostics.some(({ code }) => code === 'data/overlap')

  it('is told where one is trained on and one is measured, unless parts lie next to each other', () => {
    const apart = [
      ['part(all, 0%..80%)', 'part(all, 80%..100%)'],
      ['part(all, 80%..100%)', 'part(all, 0%..80%)'],
      ['limit(part(all, 0%..80%), 9)', 'where(part(all, 80%..100%), digit < 5)'],
      ['part(part(all, 0%..80%), 0%..50%)', 'part(part(all, 0%..80%), 50%..100%)'],
      ['part(part(all, 0%..80%), 0%..50%)', 'part(all, 90%..100%)'],
      // no part at all: that rows are seen again is plain to see
      ['all', 'all'],
      ['part(all, 0%..50%)', 'mnist(split = "test", size = 8)'],
    ] as const
    for (const [train, test] of apart)
      expect([train, test, warned(train, test)]).toEqual([train, test, false])
    const together = [
      ['part(all, 0%..80%)', 'part(all, 70%..100%)'],
      ['part(all, 0%..80%)', 'part(all, 80%..100%, by = digit)'],
      ['part(all, 0%..80%)', 'part(all, 80%..100%, seed = 1)'],
      ['part(all, 0%..80%)', 'all'],
      ['all', 'part(all, 80%..100%)'],
      ['mix([part(all, 0%..50%), part(all, 50%..90%)])', 'part(all, 80%..100%)'],
    ] as const
    for (const [train, test] of together)
      expect([train, test, warned(train, test)]).toEqual([train, test, true])
  })
})
