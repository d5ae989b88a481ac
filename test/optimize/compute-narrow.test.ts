import { describe, expect, it } from 'vitest'
import { computeNarrow } from '../../src/compiler/passes/compute-narrow/index.js'
import { eliminateDead } from '../../src/compiler/passes/eliminate-dead.js'
import { reduceInF32 } from '../../src/compiler/passes/reduce-in-f32.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { findNodes } from '../../src/graph/rewrite.js'
import type { NarrowFloat } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'

/*
 * Aim: from the first to the last use of weights that are rounded, what may be narrow is, and nothing else: no loss, no
 * norm written out, no number that the type cannot hold. What a graph computes in them is compared with PyTorch in
 * test/parity/narrow.test.ts.
 */

type Build = (b: Builder, x: Value, weight: (name: string) => Value) => Value

function narrowed(build: Build, as: NarrowFloat = 'bf16'): Graph {
  const b = new Builder()
  const x = b.input('x', { dtype: 'f32', shape: [4, 4] })
  const weight = (name: string): Value => b.parameter('net', name, { dtype: 'f32', shape: [4, 4] }, as)
  const { graph } = computeNarrow.run(b.finish('g', [{ name: 'y', value: build(b, x, weight) }]), {})
  assertValid(graph)
  return eliminateDead.run(graph, {}).graph
}

/** Operators with the types of their results, in order, without casts. */
const typesIn = (graph: Graph): readonly string[] =>
  findNodes(graph, ({ op }) => op !== 'Cast').map(({ op, outputs }) => `${op} ${outputs[0]?.type.dtype}`)

describe('compute-narrow', () => {
  it.each<[string, Build, readonly string[], NarrowFloat?]>([
    [
      'a loss behind the last weight is f32, the way between two weights is narrow',
      (b, x, weight) =>
        b.mean(
          b.op('Relu', [b.matmul(b.op('Relu', [b.matmul(b.op('Relu', [x]), weight('a'))]), weight('b'))]),
          [0, 1],
        ),
      ['Relu f32', 'MatMul bf16', 'Relu bf16', 'MatMul bf16', 'Relu f32', 'ReduceMean f32'],
    ],
    [
      'weights are turned in their type, and the last use of what was turned counts',
      (b, x, weight) => b.op('Relu', [b.matmul(x, b.transpose(weight('a'), [1, 0]))]),
      ['Transpose bf16', 'MatMul bf16', 'Relu f32'],
    ],
    [
      'a norm that is written out is f32 until its weight comes in',
      (b, x, weight) => {
        const h = b.matmul(x, weight('a'))
        const d = b.sub(h, b.mean(h, [1], true))
        const unit = b.div(d, b.sqrt(b.mean(b.mul(d, d), [1], true)))
        return b.matmul(b.op('Relu', [b.mul(unit, weight('scale'))]), weight('b'))
      },
      [
        'MatMul bf16',
        ...['ReduceMean', 'Sub', 'Mul', 'ReduceMean', 'Sqrt', 'Div', 'Mul'].map((op) => `${op} f32`),
        'Relu bf16',
        'MatMul bf16',
      ],
    ],
    [
      'softmax between products is of their type, as a kernel whose sums are f32',
      (b, x, weight) => b.matmul(b.op('Softmax', [b.matmul(x, weight('a'))]), weight('b')),
      ['MatMul bf16', 'Softmax bf16', 'MatMul bf16'],
    ],
    [
      'what comes from outside meets narrow values in bf16',
      (b, x, weight) => b.matmul(b.add(b.matmul(x, weight('a')), x), weight('b')),
      ['MatMul bf16', 'Add bf16', 'MatMul bf16'],
    ],
    [
      'and is too large for f16, for all that is known',
      (b, x, weight) => b.matmul(b.add(b.matmul(x, weight('a')), x), weight('b')),
      ['MatMul f16', 'Add f32', 'MatMul f16'],
      'f16',
    ],
    [
      'a number that the type cannot hold keeps what meets it in f32',
      (b, x, weight) => b.matmul(b.add(b.matmul(x, weight('a')), b.scalar(1e-6)), weight('b')),
      ['MatMul f16', 'Add f32', 'MatMul f16'],
      'f16',
    ],
    [
      'one that it can does not',
      (b, x, weight) => b.matmul(b.add(b.matmul(x, weight('a')), b.scalar(0.1)), weight('b')),
      ['MatMul f16', 'Add f16', 'MatMul f16'],
      'f16',
    ],
    [
      'scales of Resize stay f32',
      (b, x, weight) => {
        const picture = b.reshape(b.matmul(x, weight('a')), [1, 1, 4, 4])
        const factors = b.constant({ dtype: 'f32', shape: [4], data: Float64Array.of(1, 1, 2, 2) })
        const larger = b.op('Resize', [picture, null, factors])
        return b.matmul(b.reshape(larger, [16, 4]), weight('b'))
      },
      ['MatMul bf16', 'Reshape bf16', 'Resize bf16', 'Reshape bf16', 'MatMul bf16'],
    ],
  ])('%s', (_, build, types, as) => {
    const graph = narrowed(build, as)
    expect(typesIn(graph)).toEqual(types)
    expect(graph.outputs[0]?.value.type.dtype).toBe('f32')
  })

  it('leaves a graph without rounded weights as it is', () => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [4, 4] })
    const w = b.parameter('net', 'w', { dtype: 'f32', shape: [4, 4] })
    const graph = b.finish('g', [{ name: 'y', value: b.matmul(x, w) }])
    expect(computeNarrow.run(graph, {})).toEqual({ graph, changed: 0, refusals: [] })
  })
})

describe('reduce-in-f32', () => {
  it('adds up in f32 and rounds once; what need not stays', () => {
    const b = new Builder()
    const x = b.cast(b.input('x', { dtype: 'f32', shape: [4, 4] }), 'bf16')
    const { graph } = reduceInF32.run(
      b.finish('g', [{ name: 'y', value: b.cast(b.sum(b.op('Relu', [x]), [0]), 'f32') }]),
      {},
    )
    assertValid(graph)
    expect(findNodes(graph, () => true).map(({ op, outputs }) => `${op} ${outputs[0]?.type.dtype}`)).toEqual([
      'Cast bf16',
      'Relu bf16',
      'Cast f32',
      'ReduceSum f32',
      'Cast bf16',
      'Cast f32',
    ])
  })
})
