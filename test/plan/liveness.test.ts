import { describe, expect, it } from 'vitest'
import { liveness } from '../../src/compiler/8-schedule/liveness.js'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'

/*
 * Aim: memory by hand. onnxruntime writes the result of an elementwise node over an operand that nothing else reads any
 * more, and gives a view its operand's memory.
 */

const [rows, columns] = [16, 16]
/** Bytes of a matrix and of the one result, a scalar. */
const [matrix, result] = [rows * columns * 4, 4]

/** The most memory of the sum of what is built from a product, which has memory of its own. */
function peakOf(build: (b: Builder, product: Value) => Value): number {
  const b = new Builder()
  const x = b.input('x', { dtype: 'f32', shape: [rows, columns] })
  const made = build(b, b.matmul(x, x))
  const axes = made.type.shape.map((_, axis) => axis)
  return liveness(b.finish('g', [{ name: 'sum', value: b.sum(made, axes) }])).peak
}

describe('the memory of a run', () => {
  it('is that of one matrix where elementwise nodes follow each other', () => {
    expect(peakOf((b, m) => b.op('Tanh', [b.op('Exp', [b.op('Neg', [m])])]))).toBe(matrix + result)
  })

  it('is that of one matrix where it is seen under other shapes', () => {
    const flat = [rows * columns]
    expect(peakOf((b, m) => b.reshape(m, flat))).toBe(matrix + result)
    expect(peakOf((b, m) => b.reshape(b.op('Exp', [b.reshape(m, flat)]), [columns, rows]))).toBe(
      matrix + result,
    )
  })

  it('is that of two where the operand is read once more, also through a view of it', () => {
    expect(peakOf((b, m) => b.mul(b.op('Exp', [m]), m))).toBe(2 * matrix)
    const flat = [rows * columns]
    expect(peakOf((b, m) => b.mul(b.op('Exp', [b.reshape(m, flat)]), b.reshape(m, flat)))).toBe(2 * matrix)
  })

  it('is that of two where a result has another shape than its operand, or is no elementwise one', () => {
    expect(peakOf((b, m) => b.matmul(m, m))).toBe(2 * matrix)
    expect(peakOf((b, m) => b.add(b.sum(m, [0], true), b.matmul(m, m)))).toBe(2 * matrix + columns * 4)
  })

  it('leaves inputs as they are', () => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [rows, columns] })
    const graph = b.finish('g', [{ name: 'sum', value: b.sum(b.op('Exp', [x]), [0, 1]) }])
    expect(liveness(graph).peak).toBe(matrix + result)
  })
})
