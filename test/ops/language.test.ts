import { describe, expect, test } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import { type Tensor, scalar, tensor } from '../../src/graph/types.js'
import { languageFunctions } from '../../src/ops/registry.js'
import { build, call, counting } from './call-language.js'

const f32 = (shape: readonly number[], data: readonly number[]): Tensor => tensor('f32', shape, data)
const i64 = (shape: readonly number[], data: readonly number[]): Tensor => tensor('i64', shape, data)

/** Shape and elements of a call's first result. */
function show(
  name: string,
  given: Readonly<Record<string, unknown>>,
): { dtype: string; shape: readonly number[]; data: number[] } {
  const [first] = call(name, given)
  if (!first) throw new Error('no result')
  return { dtype: first.dtype, shape: first.shape, data: [...first.data] }
}

const pieces = (n: readonly number[]): number[][] =>
  call('split', { x: counting([4]), n }).map((t) => [...t.data])

test('the mean of nothing is NaN', () => {
  const x = f32([0, 2], [])
  expect(show('mean', { x, axis: [0] })).toEqual({ dtype: 'f32', shape: [2], data: [NaN, NaN] })
  expect(show('mean', { x, axis: [0], keep: true }).shape).toEqual([1, 2])
})

/** Results worked out by hand or with NumPy. */
describe('language functions', () => {
  test.each<[string, Record<string, unknown>, readonly number[], readonly number[]]>([
    ['sum', { x: counting([2, 3]) }, [], [21]],
    ['sum', { x: counting([2, 3]), axis: [0] }, [3], [5, 7, 9]],
    ['mean', { x: counting([2, 3]), axis: [-1], keep: true }, [2, 1], [2, 5]],
    ['max', { x: counting([2, 3]), axis: [1] }, [2], [3, 6]],
    ['min', { x: counting([2, 3]), axis: [0, 1] }, [], [1]],
    ['sum', { x: f32([0, 2], []), axis: [0] }, [2], [0, 0]],
    ['prod', { x: f32([0, 2], []), axis: [0] }, [2], [1, 1]],
    ['logsumexp', { x: f32([2, 0], []) }, [2], [-Infinity, -Infinity]],
    ['argmax', { x: f32([2, 3], [1, 5, 2, 9, 3, 9]) }, [2], [1, 0]],
    ['matmul', { x: counting([2]), y: counting([2, 3]) }, [3], [9, 12, 15]],
    ['matmul', { x: counting([3]), y: counting([3]) }, [], [14]],
    ['matmul', { x: counting([2, 1, 2]), y: counting([2]) }, [2, 1], [5, 11]],
    [
      'linear',
      { x: counting([1, 2, 2]), weight: counting([3, 2]), bias: counting([3]) },
      [1, 2, 3],
      [6, 13, 20, 12, 27, 42],
    ],
    ['linear', { x: counting([2]), weight: counting([3, 2]) }, [3], [5, 11, 17]],
    ['prod', { x: counting([2, 3]), axis: [1] }, [2], [6, 120]],
    ['argmin', { x: f32([2, 3], [1, 5, 1, 9, 3, 4]) }, [2], [0, 1]],
    ['cumsum', { x: counting([2, 3]) }, [2, 3], [1, 3, 6, 4, 9, 15]],
    ['cumsum', { x: counting([3]), exclusive: true, reverse: true }, [3], [5, 3, 0]],
    ['mod', { x: f32([4], [5, -5, 5, -5]), y: f32([4], [3, 3, -3, -3]) }, [4], [2, 1, -1, -2]],
    ['mod', { x: i64([2], [7, -7]), y: i64([2], [3, 3]) }, [2], [1, 2]],
    ['tile', { x: counting([1, 2]), repeats: [2, 2] }, [2, 4], [1, 2, 1, 2, 1, 2, 1, 2]],
    ['tril', { x: counting([2, 3]) }, [2, 3], [1, 0, 0, 4, 5, 0]],
    ['triu', { x: counting([2, 3]), diagonal: 1 }, [2, 3], [0, 2, 3, 0, 0, 6]],
    ['one_hot', { indices: i64([2], [2, 0]), depth: 3 }, [2, 3], [0, 0, 1, 1, 0, 0]],
    ['pad', { x: counting([2]), before: [2], after: [1], mode: 'edge' }, [5], [1, 1, 1, 2, 2]],
    [
      'einsum',
      { equation: 'row k, k column -> row column', tensors: [counting([2, 2]), counting([2, 2])] },
      [2, 2],
      [7, 10, 15, 22],
    ],
    ['einsum', { equation: 'bij,bj->b', tensors: [counting([1, 2, 2]), counting([1, 2])] }, [1], [16]],
    ['einsum', { equation: 'ii->i', tensors: [counting([2, 2])] }, [2], [1, 4]],
    ['einsum', { equation: '... i, i', tensors: [counting([2, 2]), counting([2])] }, [2], [5, 11]],
    [
      'rms_normalization',
      { x: f32([1, 2], [3, 4]), weight: f32([2], [5, 10]), eps: 0 },
      [1, 2],
      [15 / Math.sqrt(12.5), 40 / Math.sqrt(12.5)],
    ],
    ['prelu', { x: f32([2], [-2, 3]), slope: f32([1], [0.25]) }, [2], [-0.5, 3]],
    ['reshape', { x: counting([2, 3]), shape: [3, -1] }, [3, 2], [1, 2, 3, 4, 5, 6]],
    ['transpose', { x: counting([2, 3]) }, [3, 2], [1, 4, 2, 5, 3, 6]],
    ['transpose', { x: counting([1, 2, 3]), axes: [2, 0, -2] }, [3, 1, 2], [1, 4, 2, 5, 3, 6]],
    ['expand', { x: counting([2, 1]), shape: [2, 2] }, [2, 2], [1, 1, 2, 2]],
    ['concat', { tensors: [counting([1, 2]), counting([1, 1])], axis: 1 }, [1, 3], [1, 2, 1]],
    ['stack', { tensors: [counting([2]), counting([2])], axis: -1 }, [2, 2], [1, 1, 2, 2]],
    ['pad', { x: counting([2]), before: [1], after: [2], value: 7 }, [5], [7, 1, 2, 7, 7]],
    ['pad', { x: counting([3]), before: [2], mode: 'reflect' }, [7], [3, 2, 1, 2, 3, 2, 1]],
    [
      'conv',
      { x: counting([1, 1, 3, 3]), weight: f32([1, 1, 2, 2], [1, 0, 0, -1]) },
      [1, 1, 2, 2],
      [-4, -4, -4, -4],
    ],
    [
      'conv',
      { x: counting([1, 1, 3]), weight: f32([1, 1, 3], [1, 1, 1]), bias: f32([1], [10]), padding: [1] },
      [1, 1, 3],
      [13, 16, 15],
    ],
    [
      'conv',
      {
        x: counting([1, 2, 2, 2]),
        weight: f32([2, 1, 2, 2], [1, 1, 1, 1, 1, 1, 1, 1]),
        stride: [2],
        groups: 2,
      },
      [1, 2, 1, 1],
      [10, 26],
    ],
    ['resize_nearest', { x: counting([1, 1, 1, 4]), size: [1, 7] }, [1, 1, 1, 7], [1, 1, 2, 2, 3, 3, 4]],
    [
      'layer_normalization',
      { x: f32([1, 2], [1, 3]), weight: f32([2], [2, 2]), bias: f32([2], [1, 1]), eps: 0 },
      [1, 2],
      [-1, 3],
    ],
    ['take', { x: counting([3, 2]), indices: i64([2], [2, 0]) }, [2, 2], [5, 6, 1, 2]],
    ['take', { x: counting([3]), indices: i64([], [1]) }, [], [2]],
    [
      'take_along',
      { x: counting([2, 2, 2]), indices: i64([2, 1, 1], [1, 0]), axis: 1 },
      [2, 1, 2],
      [3, 4, 5, 6],
    ],
    ['clip', { x: counting([4]), low: scalar(2), high: scalar(3) }, [4], [2, 2, 3, 3]],
    ['where', { condition: tensor('bool', [2], [1, 0]), x: counting([2]), y: scalar(9) }, [2], [1, 9]],
    ['where', { condition: tensor('bool', [2], [1, 0]), x: i64([2], [4, 5]), y: scalar(9) }, [2], [4, 9]],
    ['maximum', { x: f32([3], [-1, 0, 2]), y: scalar(0) }, [3], [0, 0, 2]],
    ['cast', { x: f32([3], [-1.7, 0.2, 2.9]), dtype: 'i64' }, [3], [-1, 0, 2]],
    ['round_to', { x: f32([2], [1.001, 3]), dtype: 'bf16' }, [2], [1, 3]],
    ['arange', { n: 3 }, [3], [0, 1, 2]],
    ['eye', { n: 2 }, [2, 2], [1, 0, 0, 1]],
    ['zeros', { shape: [2] }, [2], [0, 0]],
    ['full', { shape: [1, 2], value: 0.5 }, [1, 2], [0.5, 0.5]],
    ['causal_mask', { n: 2 }, [2, 2], [0, -1e30, 0, 0]],
    ['diagonal', { x: counting([3, 3]) }, [3], [1, 5, 9]],
    ['diagonal', { x: counting([2, 2, 2]) }, [2, 2], [1, 2, 7, 8]],
    ['diagonal', { x: counting([1, 1]) }, [1], [1]],
    ['gelu', { x: f32([1], [1]) }, [1], [0.8413447460685429]],
    ['silu', { x: f32([1], [1]) }, [1], [0.7310585786300049]],
    ['quick_gelu', { x: f32([1], [1]) }, [1], [0.8457957659328212]],
  ])('%s %#', (name, given, shape, data) => {
    const result = show(name, given)
    expect(result.shape).toEqual(shape)
    expect(result.data.length).toBe(data.length)
    result.data.forEach((v, i) => expect(v).toBeCloseTo(data[i] ?? Number.NaN, 9))
  })

  test('some constants are not f32', () => {
    expect(show('arange', { n: 2 }).dtype).toBe('i64')
    expect(show('arange', { n: 2, dtype: 'f32' }).dtype).toBe('f32')
    expect(show('eye', { n: 2 }).dtype).toBe('bool')
  })

  test('split gives a list: a number counts pieces, several are sizes', () => {
    expect(pieces([2])).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(pieces([1, 3])).toEqual([[1], [2, 3, 4]])
  })

  test('top_k gives values and indices', () => {
    const [values, indices] = call('top_k', { x: f32([4], [3, 1, 4, 2]), k: 2 })
    expect([...(values?.data ?? [])]).toEqual([4, 3])
    expect([...(indices?.data ?? [])]).toEqual([2, 0])
  })

  test('linear never moves the weight: its only reader is a Gemm', () => {
    const b = new Builder()
    const weight = b.parameter('m', 'weight', { dtype: 'f32', shape: [3, 2] })
    build(b, 'linear', { x: b.input('x', { dtype: 'f32', shape: [4, 5, 2] }), weight })
    const { nodes } = b.finish('g', [])
    expect(nodes.filter((n) => n.inputs.includes(weight)).map((n) => [n.op, n.attributes['transB']])).toEqual(
      [['Gemm', 1]],
    )
  })

  test('every function has a sentence of documentation, and parameters with defaults come last', () => {
    for (const f of languageFunctions.values()) {
      expect(f.doc, f.name).toMatch(/^[^ ].*\.$/)
      const optional = f.parameters.map((p) => p.default !== undefined)
      expect(optional, f.name).toEqual([...optional].sort((a, b) => Number(a) - Number(b)))
    }
  })
})
