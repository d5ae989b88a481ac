import { describe } from 'vitest'
import { oracle } from './expressions.js'
import { type Case, compareWithTorch } from './torch-cases.js'

describe('values and gradients at kinks are those of PyTorch', () => {
  compareWithTorch(oracle<{ readonly cases: readonly Case[] }>('conventions').cases)
})
