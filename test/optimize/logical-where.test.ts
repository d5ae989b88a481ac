import { describe, expect, it } from 'vitest'
import { logicalWhere } from '../../src/compiler/passes/logical-where.js'
import { Builder } from '../../src/graph/builder.js'
import * as ort from '../../src/runtime/onnxruntime.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { compileText, evaluateOnce } from '../parity/harness.js'
import { outputsOf } from './compare.js'

describe('a choice between bools', () => {
  it('is what the truth table says, also where it is broadcast', async () => {
    const b = new Builder()
    const all = [0, 1, 2, 3, 4, 5, 6, 7]
    const bit = (k: number) => all.map((n) => (n >> k) & 1)
    const value = (name: string, data: readonly number[]) => ({
      input: b.input(name, { dtype: 'f32', shape: [data.length] }),
      feed: new ort.Tensor('float32', Float32Array.from(data), [data.length]),
    })
    const [c, x, y] = [value('c', bit(2)), value('x', bit(1)), value('y', bit(0))]
    const one = value('one', [1])
    const holds = (v: typeof c) => b.op('Greater', [v.input, b.scalar(0)])
    const outputs = [holds(y), holds(one)].map((other, k) => ({
      name: `chosen${k}`,
      value: b.cast(b.where(holds(c), holds(x), other), 'f32'),
    }))
    const result = logicalWhere.run(b.finish('g', outputs), {})
    expect(result.changed).toBe(2)
    const feeds = { c: c.feed, x: x.feed, y: y.feed, one: one.feed }
    const found = await outputsOf(result.graph, feeds)
    expect([...(found.get('chosen0') ?? [])]).toEqual([0, 1, 0, 1, 0, 0, 1, 1])
    expect([...(found.get('chosen1') ?? [])]).toEqual([1, 1, 1, 1, 0, 0, 1, 1])
  })

  it('is compiled and run', async () => {
    const artefact = compileText(`
pipeline p {
  let x = draw normal of [6]
  let inside = where(x > 0.0, x < 1.0, x > -2.0)
  evaluate share = average(value = mean(where(inside, 1.0, 0.0)), batches = 1)
}`)
    const data = Float32Array.of(-3, -1, 0, 0.5, 1, 2)
    const results = await evaluateOnce(
      artefact,
      'share',
      () => expect.fail('no weights'),
      () => ({ dtype: 'f32', shape: [6], data }),
    )
    const value = results.get('value') ?? expect.fail('no value')
    expect(toFloat32(value)[0]).toBeCloseTo(3 / 6, 6)
  })
})
