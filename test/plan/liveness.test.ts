import { describe, expect, it } from 'vitest'
import { liveness } from '../../src/compiler/8-schedule/liveness.js'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'

/*
 * Aim: memory by hand. Some kernels of onnxruntime write their result over an operand that nothing else reads any more
 * (Tanh and Sigmoid do, Exp and Mul do not); a view has its operand's memory.
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
  it('is that of one matrix where nodes that work in place follow each other', () => {
    expect(peakOf((b, m) => b.op('Tanh', [b.op('Sigmoid', [b.op('Tanh', [m])])]))).toBe(matrix + result)
  })

  it('is that of two where a kernel does not work in place', () => {
    expect(peakOf((b, m) => b.op('Tanh', [b.exp(b.op('Tanh', [m]))]))).toBe(2 * matrix)
  })

  it('is that of one matrix where it is seen under other shapes', () => {
    const flat = [rows * columns]
    expect(peakOf((b, m) => b.reshape(m, flat))).toBe(matrix + result)
    expect(peakOf((b, m) => b.reshape(b.op('Tanh', [b.reshape(m, flat)]), [columns, rows]))).toBe(
      matrix + result,
    )
  })

  it('keeps an operand that is read once more, also through a view of it', () => {
    expect(peakOf((b, m) => b.mul(b.op('Tanh', [m]), m))).toBe(3 * matrix)
    const flat = [rows * columns]
    expect(peakOf((b, m) => b.mul(b.op('Tanh', [b.reshape(m, flat)]), b.reshape(m, flat)))).toBe(3 * matrix)
  })

  it('is that of two where a result has another shape than its operand, or is no elementwise one', () => {
    expect(peakOf((b, m) => b.matmul(m, m))).toBe(2 * matrix)
    expect(peakOf((b, m) => b.add(b.sum(m, [0], true), b.matmul(m, m)))).toBe(2 * matrix + columns * 4)
  })

  it('leaves inputs as they are', () => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [rows, columns] })
    const graph = b.finish('g', [{ name: 'sum', value: b.sum(b.op('Tanh', [x]), [0, 1]) }])
    expect(liveness(graph).peak).toBe(matrix + result)
  })
})
