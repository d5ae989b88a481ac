import { expect, test } from 'vitest'
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
