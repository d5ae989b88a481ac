import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import { OnnxProblem, checkSupported, readModel, translate } from '../../src/onnx/index.js'
import { fixtureFile } from './fixtures.js'

/** Numbers in [0, n), the same in every run (mulberry32). */
function generator(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const cases = Number(process.env['DCRC_FUZZ'] ?? 600)

/** Some bytes changed, a piece cut out, a piece doubled, or the end cut off. */
function mutated(bytes: Uint8Array, random: (n: number) => number): Uint8Array {
  const at = random(bytes.length)
  const length = 1 + random(40)
  switch (random(5)) {
    case 0:
      return bytes.slice(0, at)
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 2:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
    default: {
      const copy = Uint8Array.from(bytes)
      for (let i = 0; i <= random(4); i++) copy[random(copy.length)] = random(256)
      return copy
    }
  }
}

it('changed bytes of a model give a model or a named problem, quickly', () => {
  const random = generator(17)
  const sources = ['onnx_mlp_dynamo', 'onnx_vit_legacy', 'onnx_conv_dynamo'].map((name) =>
    readFileSync(fixtureFile(name)),
  )
  const seen = { taken: 0, refused: 0 }
  for (let i = 0; i < cases; i++) {
    const source = sources[i % sources.length] ?? Buffer.alloc(0)
    const bytes = mutated(source, random)
    const begin = process.cpuUsage()
    try {
      const model = readModel(bytes, { check: checkSupported })
      const b = new Builder()
      const inputs = model.inputs.map(({ name, dtype, shape }) =>
        b.input(name, { dtype, shape: (shape ?? []).map((d) => (typeof d === 'number' ? d : 2)) }),
      )
      translate(model, b, inputs, (name, type) => b.parameter('m', name, type))
      seen.taken++
    } catch (error) {
      if (!(error instanceof OnnxProblem)) throw new Error(`case ${i}: ${String(error)}`, { cause: error })
      expect(error.lines.join('')).not.toBe('')
      seen.refused++
    }
    expect(process.cpuUsage(begin).user).toBeLessThan(2e6)
  }
  expect(seen.taken).toBeGreaterThan(cases / 20)
  expect(seen.refused).toBeGreaterThan(cases / 20)
})
