import { describe, expect, it } from 'vitest'
import { oracle } from './expressions.js'
import { type Case, compareWithTorch, graphOf } from './torch-cases.js'

const uses = 'use std.losses { cross_entropy }'

describe('std.losses cross_entropy is torch.nn.functional.cross_entropy', () => {
  compareWithTorch(oracle<{ readonly cases: readonly Case[] }>('cross_entropy').cases, uses)
})

describe('a label outside of the classes', () => {
  const rows = { shapes: [[2, 3]], arguments: [[1, 2, 3, 4, 5, 6]], shape: [], value: ['nan'] } as const

  it.each([
    ['[0, 3]', '3'],
    ['[-1, 0]', '-1'],
    ['[-100, -7]', '-7'],
  ])('is refused where it is known: %s', (labels, outside) => {
    const expression = `cross_entropy(x, constant(${labels}))`
    expect(() => graphOf({ ...rows, expression }, uses)).toThrow(`index ${outside} is outside of 0..3`)
  })

  // the labels are 1 and 4
  compareWithTorch([{ ...rows, expression: 'cross_entropy(x, cast(x[:, 0], i64))' }], uses)
})
