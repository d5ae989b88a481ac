import { describe, expect, test } from 'vitest'
import { type WantedParameter, matchWeights } from '../../src/weights/match.js'
import type { StoredTensor } from '../../src/weights/table.js'

/* Aim: parameters and tensors are the same, and every exception is one that somebody wrote down. */

const stored = (name: string, shape: readonly number[] = [2], dtype = 'f32'): [string, StoredTensor] => [
  name,
  { name, dtype, shape, file: 'f', offset: 0, length: 8 },
]
const wanted = (path: string, shape: readonly number[] = [2]): WantedParameter => ({
  path,
  dtype: 'f32',
  shape,
})
const match = (tensors: [string, StoredTensor][], parameters: WantedParameter[], ignore: string[] = []) => {
  const { found, ...rest } = matchWeights({ file: 'f', tensors: new Map(tensors) }, parameters, ignore)
  return {
    found: [...found.keys()],
    ...rest,
  }
}
const none = { missing: [], unused: [], different: [], idle: [] }

test('what is missing, unused and different is told', () => {
  expect(
    match([stored('a'), stored('b', [3]), stored('d')], [wanted('a'), wanted('b'), wanted('c')]),
  ).toEqual({
    found: ['a', 'b'],
    missing: ['c'],
    unused: ['d'],
    different: [{ path: 'b', wanted: 'f32[2]', got: 'f32[3]' }],
    idle: [],
  })
})

test('floats fit floats; whole numbers do not', () => {
  for (const type of ['f16', 'bf16', 'f64'])
    expect(match([stored('a', [2], type)], [wanted('a')])).toEqual({ ...none, found: ['a'] })
  for (const type of ['i64', 'u8', 'bool', 'F8_E4M3'])
    expect(match([stored('a', [2], type)], [wanted('a')]).different).toHaveLength(1)
})

describe('ignore', () => {
  const tensors = ['a.position_ids', 'b.c.position_ids', 'a.weight', 'logit[0]'].map((n) => stored(n))
  test.each<[string[], string[], string[]]>([
    [['*.position_ids'], ['a.weight', 'logit[0]'], []],
    [['a.*'], ['b.c.position_ids', 'logit[0]'], []],
    [['a*ids', '*c*'], ['a.weight', 'logit[0]'], []],
    [['*'], [], []],
    [['logit[0]', 'position_ids'], ['a.position_ids', 'b.c.position_ids', 'a.weight'], ['position_ids']],
    [
      ['A.*', '*.*.*.*', 'a.weight*t', ''],
      ['a.position_ids', 'b.c.position_ids', 'a.weight', 'logit[0]'],
      ['A.*', '*.*.*.*', 'a.weight*t', ''],
    ],
  ])('%j', (ignore, unused, idle) => {
    expect(match(tensors, [], ignore)).toEqual({ ...none, found: [], unused, idle })
  })

  test('takes nothing from the model', () => {
    expect(match([stored('a')], [wanted('a'), wanted('b')], ['*'])).toEqual({
      ...none,
      found: ['a'],
      missing: ['b'],
      idle: ['*'],
    })
  })

  test('of many stars takes no time', () => {
    const begin = process.cpuUsage()
    expect(match([stored('a'.repeat(50_000))], [], [`${'*a'.repeat(40)}*b`]).unused).toHaveLength(1)
    expect(process.cpuUsage(begin).user).toBeLessThan(2e6)
  })
})

describe('names of older versions', () => {
  const older = ['query', 'key', 'value', 'proj_attn']
  const now = ['to_q', 'to_k', 'to_v', 'to_out.0']
  test('stand for the newer ones', () => {
    expect(
      match(
        older.flatMap((n) => [stored(`m.${n}.weight`, [4, 4, 1, 1]), stored(`m.${n}.bias`, [4])]),
        now.flatMap((n) => [wanted(`m.${n}.weight`, [4, 4]), wanted(`m.${n}.bias`, [4])]),
      ),
    ).toEqual({
      ...none,
      found: now.flatMap((n) => [`m.${n}.weight`, `m.${n}.bias`]),
    })
  })

  test('never beside them, and of the same sizes', () => {
    const both = match([stored('m.query.weight'), stored('m.to_q.weight')], [wanted('m.to_q.weight')])
    expect(both).toEqual({ ...none, found: ['m.to_q.weight'], unused: ['m.query.weight'] })
    for (const shape of [[4, 4, 1, 2], [4], [4, 3]])
      expect(match([stored('m.query.weight', shape)], [wanted('m.to_q.weight', [4, 4])]).different).toEqual([
        { path: 'm.query.weight', wanted: 'f32[4, 4]', got: `f32[${shape.join(', ')}]` },
      ])
    // a convolution that is wanted as one keeps its axes
    expect(
      match([stored('m.conv.weight', [4, 4, 1, 1])], [wanted('m.conv.weight', [4, 4])]).different,
    ).toHaveLength(1)
  })
})
