import { describe } from 'vitest'
import { oracle } from './expressions.js'
import { type Case, compareWithTorch } from './torch-cases.js'

const uses = 'use std.losses { cross_entropy }'

describe('std.losses cross_entropy is torch.nn.functional.cross_entropy', () => {
  compareWithTorch(oracle<{ readonly cases: readonly Case[] }>('cross_entropy').cases, uses)
})

describe('a label outside of the classes makes it NaN', () => {
  const rows = { shapes: [[2, 3]], arguments: [[1, 2, 3, 4, 5, 6]], shape: [], value: ['nan'] } as const
  compareWithTorch(
    ['[0, 3]', '[-1, 0]', '[-100, -7]'].map((labels) => ({
      ...rows,
      expression: `cross_entropy(x, constant(${labels}))`,
    })),
    uses,
  )
})
