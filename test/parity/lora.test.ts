import { beforeAll, describe, expect, it } from 'vitest'
import { mergedWeight } from '../../src/runtime/merge.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { kept, keptError } from './expressions.js'
import {
  Fixture,
  compileText,
  evaluateOnce,
  expectTensors,
  relativeError,
  trainStage,
  type WeightSource,
} from './harness.js'

const steps = 20

const text = `
use std.losses { mse }
use std.nn { Conv2d, Linear }
module Net {
  conv = Conv2d(3, 4, 3, stride = 2, padding = 1)
  out = Linear(36, 5)
  fn forward(x) = out(flatten(tanh(conv(x)), 1))
}
pipeline lora {
  model net = Net()
  adapter enc = lora(net, rank = 2, alpha = 3, dropout = 0.25, train_bias = true)
  let x = draw normal of [6, 3, 6, 6]
  let target = draw normal of [6, 5]
  loss far = mse(net(x), target)
  stage learn {
    train enc
    minimize far
    optimizer adamw(lr = 0.01, betas = (0.9, 0.999), eps = 1e-5, weight_decay = 0.01)
    steps ${steps}
  }
  stage later { train net.out.bias; minimize far; optimizer adamw(lr = 0.0); steps 1 }
  evaluate whole = pictures(original = kept(net(x)))
}
${kept}`

describe("an adapter of a convolution and a linear layer is peft's", () => {
  let fixture: Fixture
  const artefact = compileText(text)
  const from =
    (prefix: string): WeightSource =>
    (model, path) =>
      fixture.stored(`${prefix}/${model}.${path}`)
  beforeAll(async () => {
    fixture = await Fixture.open('lora')
  })

  it('has its names and shapes', () => {
    const { parameters = [] } = artefact.manifest.models.find((m) => m.name === 'enc') ?? {}
    expect(Object.fromEntries(parameters.map(({ path, shape }) => [path, shape]))).toEqual(
      fixture.facts['names'],
    )
  })

  it('starts as kaiming_uniform with a = sqrt(5), and at zero', () => {
    const { parameters = [] } = artefact.manifest.models.find((m) => m.name === 'enc') ?? {}
    for (const { path, init } of parameters) {
      // sqrt(6 / ((1 + 5) fan_in)), fan_in = 3 * 3 * 3 and 36
      const bound = Math.sqrt(6 / (6 * (path.includes('conv') ? 27 : 36)))
      if (path.includes('lora_B')) expect(init).toEqual({ kind: 'constant', value: 0 })
      else if (init.kind !== 'uniform') expect(init.kind).toBe('uniform')
      else {
        expect(init.low).toBeCloseTo(-bound, 12)
        expect(init.high).toBeCloseTo(bound, 12)
      }
    }
  })

  it('trains like it: losses and gradients within 1e-4, 20 AdamW steps within 1e-3', async () => {
    const result = await trainStage(artefact, 'learn', {
      steps,
      weight: from('start'),
      inputs: (path) => fixture.tensor(`input/${path.replace(/^.*(?=enc\/)/, '')}`),
    })
    expect(relativeError(result.losses, fixture.facts['losses'] as number[])).toBeLessThan(1e-4)
    await expectTensors(result.gradients, fixture, 'gradient/', 1e-4)
    await expectTensors(result.end, fixture, 'end/', 1e-3)
  })

  it('is merged in evaluations, without dropout', async () => {
    const inputs = (path: string) => fixture.tensor(`input/${path}`)
    const results = await evaluateOnce(artefact, 'whole', from('after'), inputs)
    const found = results.get('original')
    if (!found) throw new Error('no result')
    expect(keptError(toFloat32(found), toFloat32(await fixture.tensor('evaluated')))).toBeLessThan(1e-5)
  })

  it('acts in a later stage, without dropout', async () => {
    const { losses } = await trainStage(artefact, 'later', {
      steps: 1,
      weight: from('after'),
      inputs: (path) => {
        if (path.includes('enc/')) throw new Error('a later stage drops nothing')
        return fixture.tensor(`input/${path}`)
      },
    })
    const [output, target] = [
      toFloat32(await fixture.tensor('evaluated')),
      toFloat32(await fixture.tensor('input/target')),
    ]
    const far = output.reduce((sum, v, i) => sum + (v - (target[i] ?? NaN)) ** 2, 0) / output.length
    expect(relativeError(losses, [far])).toBeLessThan(1e-5)
  })

  it('is merged in exports as by merge_and_unload', async () => {
    const [adapter] = artefact.manifest.adapters
    if (!adapter) throw new Error('no adapter')
    const values = async (model: string, path: string): Promise<Float32Array> =>
      toFloat32(await fixture.tensor(`after/${model}.${path}`)).slice()
    expect(adapter.layers.map(({ module }) => module)).toEqual(['conv', 'out'])
    for (const layer of adapter.layers) {
      const merged = await mergedWeight(adapter, layer, { values })
      expect(relativeError(merged, toFloat32(await fixture.tensor(`merged/${layer.weight}`)))).toBeLessThan(
        1e-6,
      )
    }
  })
})
