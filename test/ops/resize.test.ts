import { expect, test } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { type Tensor, tensor } from '../../src/graph/types.js'
import { build } from './call-language.js'
import { runOnOnnxruntime } from './onnxruntime.js'

/** onnxruntime divides by a float32 ratio: where its rounding is off by one, the function must not use Resize. */
test('resize_nearest reads element floor(i * size / n) for all sizes up to 24 and n up to 56', async () => {
  const b = new Builder()
  const values = new Map<Value, Tensor>()
  const outputs: { name: string; value: Value }[] = []
  for (let size = 1; size <= 24; size++) {
    const x = b.input(`x${size}`, { dtype: 'f32', shape: [1, 1, 1, size] })
    values.set(
      x,
      tensor(
        'f32',
        [1, 1, 1, size],
        Array.from({ length: size }, (_, i) => i),
      ),
    )
    for (let n = 1; n <= 56; n++) {
      const [value] = build(b, 'resize_nearest', { x, size: [n] })
      if (value) outputs.push({ name: `${size} to ${n}`, value })
    }
  }
  expect(outputs.length).toBe(24 * 56)
  const graph = b.finish('sizes', outputs)
  const results = await runOnOnnxruntime(graph, values)
  for (const [i, { name }] of outputs.entries()) {
    const [size = 1, n = 1] = name.split(' to ').map(Number)
    const exact = Array.from({ length: n }, (_, k) => Math.floor((k * size) / n))
    expect([...(results[i]?.data ?? [])], name).toEqual(exact)
  }
})
