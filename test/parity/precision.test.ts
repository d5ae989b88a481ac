import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NarrowFloat, narrowFloats } from '../../src/graph/types.js'
import { mergedWeight } from '../../src/runtime/merge.js'
import { readTensor } from '../../src/weights/safetensors.js'
import type { StoredTensor } from '../../src/weights/table.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { Conversions } from '../../src/weights/conversions.js'
import { roundInPlace } from '../../src/weights/floats.js'
import { halfUnit, rounding } from '../rounding.js'
import { narrowOnCpu } from '../targets/narrow-on-cpu.js'
import { kept, keptError } from './expressions.js'
import {
  Fixture,
  type WeightSource,
  compileText,
  evaluateOnce,
  expectTensors,
  relativeError,
  trainStage,
} from './harness.js'

let fixture: Fixture
let folder: string
beforeAll(async () => {
  fixture = await Fixture.open('precision')
  folder = mkdtempSync(join(tmpdir(), 'dcrc-precision-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The weights of a fixture as a run finds them: rounded ones in the files that they are converted to. */
async function roundedWeights(from: Fixture, prefix: string): Promise<WeightSource> {
  const conversions = new Conversions({ cache: join(folder, 'cache'), run: join(folder, 'run') })
  const stored = from.names(prefix).map((name) => from.stored(prefix + name))
  const places = new Map<NarrowFloat, ReadonlyMap<string, StoredTensor>>()
  for (const as of narrowFloats) places.set(as, await conversions.convert(stored, as))
  return (model, path, as) => {
    const name = [`${prefix}${model}.${path}`, `${prefix}${path}`].find((n) =>
      stored.some((s) => s.name === n),
    )
    const place = as ? places.get(as)?.get(name ?? '') : from.stored(name ?? '')
    if (!place) throw new Error(`no weight ${model}.${path}`)
    return place
  }
}

const floats = async (name: string): Promise<Float32Array<ArrayBuffer>> =>
  new Float32Array(await readTensor(fixture.stored(name)))

describe.each(narrowFloats)('%s', (as) => {
  it('is rounded to as by torch, to the bit', async () => {
    const values = await floats(`casts/${as}/x`)
    expect(roundInPlace(values, as)).toBe(-1)
    expect(Buffer.from(values.buffer).equals(Buffer.from((await floats(`casts/${as}/y`)).buffer))).toBe(true)
  })

  it('`as`: a UNet gives what it gives in diffusers with rounded weights', async () => {
    const unet = await Fixture.open('unet_xl')
    const input = (name: string): string => unet.stored(`input/${name}`).shape.join(', ')
    const artefact = compileText(`
use std.stable_diffusion { UNet2DConditionModel, UNetConfig }
pipeline network {
  model net = UNet2DConditionModel(UNetConfig(
    cross_attention_dim = 12, norm_num_groups = 4, layers_per_block = 1,
    down_block_types = ["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types = ["CrossAttnUpBlock2D", "UpBlock2D"],
    block_out_channels = [4, 8], attention_head_dim = [1, 2], transformer_layers_per_block = [1, 2],
    use_linear_projection = true, addition_embed_type = "text_time", addition_time_embed_dim = 6,
    projection_class_embeddings_input_dim = 46
  )) as ${as}
  let x = draw normal of [${input('x')}]
  let t = draw randint(0, 1000) of [${input('t')}]
  let context = draw normal of [${input('context')}]
  let text_embeds = draw normal of [${input('text_embeds')}]
  let time_ids = draw randint(0, 999) of [${input('time_ids')}]
  let y = net(x, t, context, added = { text_embeds: text_embeds, time_ids: time_ids })
  evaluate output = pictures(original = kept(y))
  export net
}
${kept}`)
    const results = await evaluateOnce(artefact, 'output', await roundedWeights(unet, 'start/'), (path) =>
      unet.tensor(`input/${path.split('/').at(-1) ?? ''}`),
    )
    const found = results.get('original')
    if (!found) throw new Error('no result')
    const far = async (name: string): Promise<number> =>
      keptError(toFloat32(found), await floats(`unet/${name}`))
    expect(await far(as)).toBeLessThan(1e-5)
    expect(await far('exact')).toBeGreaterThan(5e-4)
  })

  const net = `
use std.losses { mse }
use std.nn { Conv2d, Linear }
module Net {
  conv = Conv2d(3, 4, 3, stride = 2, padding = 1)
  out = Linear(36, 5)
  fn forward(x) = out(flatten(tanh(conv(x)), 1))
}
pipeline narrow {
  let x = draw normal of [6, 3, 6, 6]
  let target = draw normal of [6, 5]
  loss far = mse(net(x), target)`
  const optimizer = 'optimizer adamw(lr = 0.01, betas = (0.9, 0.999), eps = 1e-5, weight_decay = 0.01)'
  const inputs = (path: string) => fixture.tensor(`input/${path}`)

  it('`precision`: trains f32 masters under rounded weights as torch does', async () => {
    const artefact = compileText(`${net}
  model net = Net()
  stage learn { train net.out; minimize far; ${optimizer}; steps 20; precision ${as} }
}`)
    const weight = await roundedWeights(fixture, 'start/')
    const result = await trainStage(artefact, 'learn', { steps: 20, weight, inputs })
    const losses = fixture.facts[`losses/${as}`] as number[]
    const [exact = NaN] = fixture.facts['losses/exact'] as number[]
    expect(relativeError(result.losses.slice(0, 1), losses.slice(0, 1))).toBeLessThan(1e-6)
    expect(relativeError(result.losses.slice(0, 1), [exact])).toBeGreaterThan(1e-5)
    expect(relativeError(result.losses, losses)).toBeLessThan(1e-4)
    // a gradient that was rounded on its way would be 2^-9 or 2^-12 off
    await expectTensors(result.gradients, fixture, `${as}/gradient/`, as === 'bf16' ? 1e-5 : 1e-6)
    await expectTensors(result.end, fixture, `${as}/end/`, 1e-4)
    const notRounded = [...result.end.values()].some((values) => {
      const copy = values.slice()
      roundInPlace(copy, as)
      return copy.some((v, i) => v !== values[i])
    })
    expect(notRounded).toBe(true)
  })

  it('an adapter beside weights `as` it learns as in peft, and is merged with the rounded weights', async () => {
    const artefact = compileText(`${net}
  model net = Net() as ${as}
  adapter enc = lora(net, rank = 2, alpha = 3)
  stage learn { train enc; minimize far; ${optimizer}; steps 20 }
}`)
    const weight = await roundedWeights(fixture, 'start/')
    const result = await trainStage(artefact, 'learn', { steps: 20, weight, inputs })
    const losses = fixture.facts[`adapted/${as}`] as number[]
    const exact = fixture.facts['adapted/exact'] as number[]
    expect(relativeError(result.losses, losses)).toBeLessThan(1e-5)
    expect(relativeError(result.losses, exact)).toBeGreaterThan(2e-5)
    const [adapter] = artefact.manifest.adapters
    if (!adapter) throw new Error('no adapter')
    for (const layer of adapter.layers) {
      const values = async (model: string, path: string): Promise<Float32Array> =>
        result.end.get(`${model}.${path}`) ?? new Float32Array(await readTensor(weight(model, path, as)))
      const merged = await mergedWeight(adapter, layer, { values })
      expect(relativeError(merged, await floats(`${as}/merged/${layer.weight}`))).toBeLessThan(1e-5)
    }
  })

  /**
   * Torch computes in f32 from the rounded weights; what is narrow here is rounded, too: pictures, the results of both
   * layers and of tanh, the cotangent, and the gradient, each at most half a unit off.
   */
  const roundings = 6
  const bf16Unit = 2 * halfUnit.bf16

  it('where bf16 is computed in: first loss within two of its units, gradients of the masters as far as rounding goes', async () => {
    if (as !== 'bf16') return
    const artefact = compileText(
      `${net}
  model net = Net()
  stage learn { train net.out; minimize far; ${optimizer}; steps 1; precision ${as} }
}`,
      narrowOnCpu,
    )
    const weight = await roundedWeights(fixture, 'start/')
    const result = await trainStage(artefact, 'learn', { steps: 1, weight, inputs })
    const [expected = NaN] = fixture.facts[`losses/${as}`] as number[]
    const off = relativeError(result.losses, [expected])
    expect(off).toBeLessThan(2 * bf16Unit)
    // weights alone would leave them equal
    expect(off).toBeGreaterThan(1e-5)
    await expectTensors(result.gradients, fixture, `${as}/gradient/`, rounding(roundings, as))
  })

  it('where bf16 is computed in: an adapter beside frozen weights, first loss within two of its units', async () => {
    if (as !== 'bf16') return
    const artefact = compileText(
      `${net}
  model net = Net() as ${as}
  adapter enc = lora(net, rank = 2, alpha = 3)
  stage learn { train enc; minimize far; ${optimizer}; steps 1 }
}`,
      narrowOnCpu,
    )
    const weight = await roundedWeights(fixture, 'start/')
    const { losses } = await trainStage(artefact, 'learn', { steps: 1, weight, inputs })
    const off = relativeError(losses, (fixture.facts[`adapted/${as}`] as number[]).slice(0, 1))
    expect(off).toBeLessThan(2 * bf16Unit)
    expect(off).toBeGreaterThan(1e-5)
  })
})
