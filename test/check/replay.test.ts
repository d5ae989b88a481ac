import { expect, test } from 'vitest'
import { elementCount, tensor } from '../../src/graph/types.js'
import { analyzeSources } from './analyze.js'
import { valuesOf } from './value.js'

const declarations = `
module Layer(d: int) {
  weight: float[d, d] = normal(1)
  fn forward(x: float[...s, d], y: float[...s, d]) -> float[...s, d] = linear(x, weight) - 2 * y
}`

test('a call like an earlier one computes with its own operands, also where they stand twice or change places', () => {
  const value = valuesOf(
    `  model layer = Layer(2)
  let a = cast([1, 2], f32) + mean(layer.weight) * 0
  let b = cast([5, 7], f32) + mean(layer.weight) * 0
  let w = layer.weight
  let ab = layer(a, b)
  let ba = layer(b, a)
  let aa = layer(a, a)
  let bb = layer(b, b)
  let named = layer(y = a, x = b)`,
    declarations,
  )
  const w = value('w') as number[][]
  const layer = (x: number[], y: number[]): number[] =>
    w.map((row, i) => row.reduce((sum, v, k) => sum + v * (x[k] ?? NaN), 0) - 2 * (y[i] ?? NaN))
  const [a, b] = [
    [1, 2],
    [5, 7],
  ]
  expect(value('ab')).toEqual(layer(a, b))
  expect(value('ba')).toEqual(layer(b, a))
  expect(value('named')).toEqual(layer(b, a))
  expect(value('aa')).toEqual(layer(a, a))
  expect(value('bb')).toEqual(layer(b, b))
})

test('instances that are alike compute the same with their own parameters', () => {
  const value = valuesOf(
    `  model net = Net(2)
  let x = cast([3, 4], f32) + mean(net.layers[0].inner.weight) * 0
  let w0 = net.layers[0].inner.weight
  let w2 = net.layers[2].inner.weight
  let other = net.wide.inner.weight
  let y0 = net.layers[0](x)
  let y2 = net.layers[2](x)
  let wide = net.wide(x)
  let tied = net.tied(x)`,
    `
module Inner(d: int, factor: float) {
  weight: float[d, d] = normal(1)
  fn forward(x, shift: float = 0) = factor * linear(x, weight) + shift
}
module Outer(d: int, factor: float) {
  inner = Inner(d, factor)
  fn forward(x) = inner(x, 5)
}
module Tied(inner) {
  fn forward(x) = inner(x) + inner(x, shift = 1)
}
module Net(d: int) {
  layers = [Outer(d, 2) for _ in 0..3]
  wide = Outer(d, 7)
  tied = Tied(layers[0].inner)
  fn forward(x) = wide(layers[0](x))
}`,
    ({ source, type }) => {
      const first = source.kind === 'parameter' ? Buffer.from(source.path).reduce((sum, c) => sum + c, 0) : 0
      return tensor(
        type.dtype,
        type.shape,
        Array.from({ length: elementCount(type.shape) }, (_, i) => first + i),
      )
    },
  )
  const outer = (w: unknown, factor: number, shift: number): number[] =>
    (w as number[][]).map((row) => factor * ((row[0] ?? NaN) * 3 + (row[1] ?? NaN) * 4) + shift)
  expect(value('w0')).not.toEqual(value('w2'))
  expect(value('y0')).toEqual(outer(value('w0'), 2, 5))
  expect(value('y2')).toEqual(outer(value('w2'), 2, 5))
  expect(value('wide')).toEqual(outer(value('other'), 7, 5))
  const plain = outer(value('w0'), 2, 0)
  expect(value('tied')).toEqual(plain.map((v) => v + (v + 1)))
})

test('an adapter beside one of several instances that are alike is applied there alone', () => {
  const { lowered, diagnostics } = analyzeSources(`
use std.losses { mse }
use std.nn { Linear }
module Net {
  layers = [Linear(4, 4) for _ in 0..3]
  fn forward(x) = layers[2](layers[1](layers[0](x)))
}
pipeline p {
  model net = Net()
  adapter enc = lora(net.layers[1], rank = 2, alpha = 3)
  let x = draw normal of [6, 4]
  loss far = mse(net(x), x)
  stage learn { train enc; minimize far; optimizer sgd(lr = 0.1); steps 1 }
}`)
  expect(diagnostics).toEqual([])
  const read = lowered?.stages[0]?.graph.nodes.flatMap(({ inputs }) =>
    inputs.flatMap((v) => (v?.source.kind === 'parameter' ? [v.source.path] : [])),
  )
  const weights = read?.filter((path) => /^layers\.\d+\.weight$/.test(path))
  expect(weights).toEqual(['layers.0.weight', 'layers.1.weight', 'layers.2.weight'])
  expect(read?.filter((path) => /lora/.test(path))).toHaveLength(2)
})
