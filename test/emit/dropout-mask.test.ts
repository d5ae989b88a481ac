import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import { describe, expect, test } from 'vitest'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { session as onCpu } from '../../src/targets/cpu/session.js'
import { Builder } from '../../src/graph/builder.js'
import { interpret } from '../../src/graph/interpret.js'
import { tensor } from '../../src/graph/types.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: dropout draws its masks in the graph: the emitted operators give squares32, bit by bit, and what they keep is as
 * often, and as independent, as dropout says. That another implementation draws the same masks is in lora.test.ts.
 */
type Words = readonly [number, number]

function mask(shape: readonly number[], rate: number) {
  const b = new Builder()
  const key = b.input('key', { dtype: 'i64', shape: [2] })
  const kept = b.op('DropoutMask', [key], { shape: [...shape], rate })
  const graph = b.finish('mask', [{ name: 'kept', value: kept }])
  return {
    reference: (words: Words) => interpret(graph, () => tensor('i64', [2], words))[0]?.data ?? [],
    async run(words: Words, level: 'disabled' | 'all' = 'disabled'): Promise<Uint8Array> {
      const options = { ...onCpu.options, graphOptimizationLevel: level, logSeverityLevel: 3 as const }
      const session = await InferenceSession.create(emit(graph), options)
      try {
        const feeds = { key: new Tensor('int64', BigInt64Array.from(words, BigInt), [2]) }
        const { kept: found } = await session.run(feeds)
        expect(found?.dims).toEqual(shape)
        return Uint8Array.from(found?.data as Uint8Array)
      } finally {
        await session.release()
      }
    },
  }
}

const keys: readonly Words[] = [
  [0, 0],
  [1, 0],
  [0x9e3779b9, 0xbb67ae85],
  [0xffffffff, 0xffffffff],
]

describe('a mask of dropout', () => {
  for (const shape of [[7], [3, 5], [2, 3, 4, 5], [1]])
    test(`of shape [${shape.join(', ')}] is squares32, bit by bit, at each optimization level`, async () => {
      const drawn = mask(shape, 0.3)
      for (const words of keys) {
        const wanted = [...drawn.reference(words)]
        expect([...(await drawn.run(words))]).toEqual(wanted)
        expect([...(await drawn.run(words, 'all'))]).toEqual(wanted)
      }
    })

  test('keeps a share of 1 - rate, row by row and column by column, with no trace of its neighbours', async () => {
    const [rows, columns] = [512, 768]
    for (const rate of [0.1, 0.5]) {
      const kept = await mask([rows, columns], rate).run([0x12345678, 0x9abcdef0])
      const keep = 1 - rate
      // five standard deviations of a mean of n independent values
      const near = (share: number, n: number, p: number): void =>
        expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n))
      const n = rows * columns
      near(kept.reduce((sum, k) => sum + k, 0) / n, n, keep)
      for (const distance of [1, 2, 64, columns]) {
        let both = 0
        for (let i = distance; i < n; i++) both += (kept[i] ?? 0) & (kept[i - distance] ?? 0)
        near(both / (n - distance), n - distance, keep * keep)
      }
      for (let r = 0; r < rows; r += 37)
        near(
          kept.subarray(r * columns, (r + 1) * columns).reduce((s, k) => s + k, 0) / columns,
          columns,
          keep,
        )
    }
  })

  test('is another one under each key', async () => {
    const drawn = mask([4096], 0.5)
    const [a, b] = [await drawn.run([1, 2]), await drawn.run([2, 1])]
    const equal = a.filter((k, i) => k === b[i]).length / 4096
    expect(Math.abs(equal - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 4096))
  })

  test('of a row does not depend on how many rows there are', async () => {
    const [few, many] = [await mask([3, 10], 0.3).run([5, 6]), await mask([8, 10], 0.3).run([5, 6])]
    expect([...many.subarray(0, 30)]).toEqual([...few])
  })
})

test('the host feeds two words for each adapted layer, whatever its size', () => {
  const { manifest } = compileText(`
use std.nn { Linear }
pipeline wide {
  model net = Linear(512, 256)
  adapter enc = lora(net, rank = 2, dropout = 0.1)
  let x = draw normal of [64, 512]
  loss far = mean(square(net(x)))
  stage learn { train enc; minimize far; optimizer adamw(lr = 0.01); steps 1 }
}`)
  const draws = manifest.stages[0]?.updates[0]?.graphs.step.inputs.flatMap(({ role, dtype, shape }) =>
    role.kind === 'draw' ? [{ path: role.path, dtype, shape }] : [],
  )
  expect(draws).toEqual([
    { path: 'x', dtype: 'f32', shape: [64, 512] },
    { path: 'far/forward/enc', dtype: 'i64', shape: [2] },
  ])
})
