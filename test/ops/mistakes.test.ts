import { describe, expect, test } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { type DType, tensor } from '../../src/graph/types.js'
import { TypeMismatch } from '../../src/ops/operator.js'
import { build } from './call-language.js'

const b = new Builder()
let inputs = 0
const x = (...shape: number[]): Value => b.input(`x${inputs++}`, { dtype: 'f32', shape })
const of = (dtype: DType, ...shape: number[]): Value => b.input(`x${inputs++}`, { dtype, shape })

/** What the user reads when a call does not fit. */
const mistakes: Readonly<Record<string, () => unknown>> = {
  'x + y of shapes that do not broadcast': () => b.op('Add', [x(4, 3), x(2, 3)]),
  'x * y of shapes that do not broadcast': () => b.op('Mul', [x(4, 3, 2), x(4, 1)]),
  'x / y of two element types': () => b.op('Div', [x(3), of('i64', 3)]),
  'x - y of bools': () => b.op('Sub', [of('bool', 3), of('bool', 3)]),
  'x < y of bool and float': () => b.op('Less', [of('bool', 3), x(3)]),
  'and of floats': () => b.op('And', [x(2), x(2)]),
  'not of floats': () => b.op('Not', [x(2)]),
  'exp of integers': () => b.op('Exp', [of('i64', 3)]),
  'where without a bool': () => build(b, 'where', { condition: x(3), x: x(3), y: x(3) }),
  'where of two element types': () =>
    build(b, 'where', { condition: of('bool', 3), x: x(3), y: of('i64', 3) }),
  'clip with a bound that is no scalar': () => build(b, 'clip', { x: x(3), low: x(3) }),
  'matmul with other inner dimensions': () => b.matmul(x(4, 3), x(5, 2)),
  'matmul with other leading dimensions': () => b.matmul(x(2, 4, 3), x(5, 3, 2)),
  'matmul with a scalar': () => build(b, 'matmul', { x: x(4, 3), y: x() }),
  'matmul of integers': () => b.matmul(of('i64', 2, 2), of('i64', 2, 2)),
  'linear with another width': () => build(b, 'linear', { x: x(8, 7, 512), weight: x(256, 768) }),
  'linear with a wrong bias': () => build(b, 'linear', { x: x(8, 4), weight: x(3, 4), bias: x(4) }),
  'linear with a vector as weight': () => build(b, 'linear', { x: x(8, 4), weight: x(4) }),
  'softmax over an axis that is not there': () => build(b, 'softmax', { x: x(4, 3), axis: 2 }),
  'sum over an axis that is not there': () => build(b, 'sum', { x: x(4, 3), axis: [-3] }),
  'sum over an axis twice': () => build(b, 'sum', { x: x(4, 3), axis: [1, -1] }),
  'mean of integers': () => build(b, 'mean', { x: of('i64', 3) }),
  'max of nothing': () => build(b, 'max', { x: x(4, 0), axis: [1] }),
  'argmin of nothing': () => build(b, 'argmin', { x: x(0, 3), axis: 0 }),
  'logsumexp of integers': () => build(b, 'logsumexp', { x: of('i64', 3) }),
  'argmax of a scalar': () => build(b, 'argmax', { x: x() }),
  'reshape to another number of elements': () => build(b, 'reshape', { x: x(4, 3), shape: [5, 2] }),
  'reshape with -1 that does not divide': () => build(b, 'reshape', { x: x(4, 3), shape: [5, -1] }),
  'reshape with two -1': () => build(b, 'reshape', { x: x(4, 3), shape: [-1, -1] }),
  'transpose with an axis missing': () => build(b, 'transpose', { x: x(4, 3, 2), axes: [0, 2] }),
  'transpose of a vector': () => build(b, 'transpose', { x: x(4) }),
  'expand of an axis that is not 1': () => build(b, 'expand', { x: x(4, 3), shape: [4, 6] }),
  'concat of other sizes': () => build(b, 'concat', { tensors: [x(4, 3), x(5, 3)], axis: 1 }),
  'concat of two element types': () => build(b, 'concat', { tensors: [x(4), of('i64', 4)], axis: 0 }),
  'stack on an axis that is not there': () => build(b, 'stack', { tensors: [x(4)], axis: 3 }),
  'split into unequal pieces': () => build(b, 'split', { x: x(4, 3), n: [2], axis: 1 }),
  'split into sizes that do not add up': () => build(b, 'split', { x: x(4, 3), n: [2, 3], axis: 0 }),
  'pad with a number missing': () => build(b, 'pad', { x: x(4, 3), before: [1], after: [1] }),
  'pad in an unknown mode': () => build(b, 'pad', { x: x(4), before: [1], mode: 'wrap' }),
  'pad that reflects too much': () => build(b, 'pad', { x: x(4), before: [4], mode: 'reflect' }),
  'conv with other channels': () => build(b, 'conv', { x: x(8, 3, 32, 32), weight: x(32, 16, 3, 3) }),
  'conv with other channels in groups': () =>
    build(b, 'conv', { x: x(8, 6, 9), weight: x(4, 2, 3), groups: 2 }),
  'conv with a kernel that is too large': () => build(b, 'conv', { x: x(1, 1, 2, 2), weight: x(1, 1, 3, 3) }),
  'conv with a wrong bias': () => build(b, 'conv', { x: x(1, 1, 4, 4), weight: x(2, 1, 3, 3), bias: x(1) }),
  'conv of a matrix': () => build(b, 'conv', { x: x(4, 4), weight: x(3, 3) }),
  'conv with a stride of 0': () => build(b, 'conv', { x: x(1, 1, 4, 4), weight: x(2, 1, 3, 3), stride: [0] }),
  'conv_transpose with other channels': () =>
    build(b, 'conv_transpose', { x: x(8, 16, 32, 32), weight: x(32, 16, 3, 3) }),
  'max_pool with a padding that is too large': () =>
    build(b, 'max_pool', { x: x(1, 3, 8, 8), kernel: [2], padding: [2] }),
  'average_pool with three sizes for a picture': () =>
    build(b, 'average_pool', { x: x(1, 3, 8, 8), kernel: [2, 2, 2] }),
  'average_pool with a window that is too large': () =>
    build(b, 'average_pool', { x: x(1, 3, 2, 2), kernel: [3] }),
  'grid_sample with a grid of another batch': () =>
    build(b, 'grid_sample', { x: x(2, 3, 8, 8), grid: x(3, 4, 4, 2) }),
  'grid_sample in an unknown mode': () =>
    build(b, 'grid_sample', { x: x(2, 3, 8, 8), grid: x(2, 4, 4, 2), mode: 'bicubic' }),
  'resize_linear of three axes': () => build(b, 'resize_linear', { x: x(1, 2, 3, 4), size: [4, 4, 4] }),
  'cumsum over an axis that is not there': () => build(b, 'cumsum', { x: x(3), axis: 1 }),
  'tile with a number missing': () => build(b, 'tile', { x: x(4, 3), repeats: [2] }),
  'one_hot of floats': () => build(b, 'one_hot', { indices: x(4), depth: 3 }),
  'tril of a vector': () => build(b, 'tril', { x: x(4) }),
  'pad that repeats the border backwards': () =>
    build(b, 'pad', { x: x(4), before: [-1], after: [0], mode: 'edge' }),
  'einsum with an operand missing': () => build(b, 'einsum', { equation: 'ij,jk', tensors: [x(2, 3)] }),
  'einsum with an axis of two sizes': () =>
    build(b, 'einsum', { equation: 'row k, k column -> row column', tensors: [x(2, 3), x(4, 5)] }),
  'einsum of another rank': () => build(b, 'einsum', { equation: 'bij->b', tensors: [x(2, 3)] }),
  'einsum that makes up an axis': () => build(b, 'einsum', { equation: 'ij->ik', tensors: [x(2, 3)] }),
  'einsum that is not one': () => build(b, 'einsum', { equation: 'i+j', tensors: [x(2, 3)] }),
  'rms_normalization with a wrong weight': () => build(b, 'rms_normalization', { x: x(2, 3), weight: x(4) }),
  'conv with three strides': () =>
    build(b, 'conv', { x: x(1, 1, 4, 4), weight: x(2, 1, 3, 3), stride: [1, 1, 1] }),
  'resize to more axes': () => build(b, 'resize_nearest', { x: x(4), size: [2, 2] }),
  'layer_normalization with a wrong weight': () =>
    build(b, 'layer_normalization', { x: x(8, 512), weight: x(768) }),
  'take with float indices': () => build(b, 'take', { x: x(4, 3), indices: x(2) }),
  'take of a row that is not there': () =>
    build(b, 'take', { x: x(5, 3), indices: tensor('i64', [2], [0, 5]) }),
  'take of an index below 0': () => build(b, 'take', { x: x(5, 3), indices: tensor('i64', [1], [-1]) }),
  'take_along of an index outside': () =>
    build(b, 'take_along', { x: x(2, 3), indices: tensor('i64', [2, 1], [0, 3]), axis: 1 }),
  'take along an axis that is not there': () => build(b, 'take', { x: x(4), indices: of('i64', 2), axis: 1 }),
  'take_along with another number of axes': () =>
    build(b, 'take_along', { x: x(4, 3), indices: of('i64', 4), axis: 1 }),
  'top_k of too many': () => build(b, 'top_k', { x: x(4), k: 5 }),
  'gelu of an unknown kind': () => build(b, 'gelu', { x: x(4), approximate: 'fast' }),
  'diagonal of a matrix that is not square': () => build(b, 'diagonal', { x: x(4, 3) }),
  'a negative size': () => build(b, 'zeros', { shape: [-1] }),
  'a constant that is too large': () => build(b, 'eye', { n: 100_000 }),
  'expand to a negative size': () => build(b, 'expand', { x: x(1), shape: [-1] }),
  'a fraction as an integer': () => build(b, 'full', { shape: [2], value: 0.5, dtype: 'i64' }),
  'grad of a vector': () => b.op('Gradient', [x(3), x(3)]),
}

describe('messages at mistakes', () => {
  test('each is a type mismatch in the words of the language', () => {
    const lines = Object.entries(mistakes).map(([title, make]) => {
      try {
        make()
      } catch (error) {
        if (!(error instanceof TypeMismatch)) throw error
        return `${title}\n  ${error.message}${error.help === undefined ? '' : `\n  help: ${error.help}`}`
      }
      throw new Error(`${title}: accepted`)
    })
    expect(lines.join('\n')).toMatchSnapshot()
  })
})
