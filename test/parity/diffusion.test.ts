import { describe, expect, it } from 'vitest'
import { type Nested, evaluated, flat, from, golden, oracle, keptError, tensor } from './expressions.js'

interface Ddpm {
  readonly alphas_cumprod: Readonly<Record<string, number>>
  readonly latent: number[][]
  readonly eps: number[][]
  readonly t: number[]
  readonly noisy: Nested
  readonly velocity: Nested
}

describe('std.diffusion ddpm: golden values within 1e-6', () => {
  const g = golden<Ddpm>('ddpm')
  const times = Object.keys(g.alphas_cumprod)
  const text = `
use std.diffusion { ddpm, scaled_linear }
pipeline golden {
  let noise = ddpm(steps = 1000, beta = scaled_linear(0.00085, 0.012))
  let latent = draw normal of [4, 3]
  let eps = draw normal of [4, 3]
  let t = draw randint(0, 1000) of [4]
  evaluate both = pictures(original = kept(noise.add(latent, eps, t)), reconstruction = kept(noise.velocity(latent, eps, t)))
  evaluate alphas = pictures(original = kept(constant([${times.map((t) => `noise.alphas_cumprod[${t}]`).join(', ')}])))
}`
  const inputs = from({ latent: tensor(g.latent), eps: tensor(g.eps), t: tensor(g.t, 'i64') })

  it('cumulative alphas', async () => {
    const { original } = await evaluated(text, 'alphas', inputs)
    expect(keptError(original, Object.values(g.alphas_cumprod))).toBeLessThan(1e-6)
  })

  it('noising and velocity', async () => {
    const both = await evaluated(text, 'both', inputs)
    expect(keptError(both['original'], flat(g.noisy))).toBeLessThan(1e-6)
    expect(keptError(both['reconstruction'], flat(g.velocity))).toBeLessThan(1e-6)
  })

  it('the velocity that a clean picture means for the noisy one', async () => {
    const inferred = text.replace(
      'noise.velocity(latent, eps, t)',
      'noise.velocity_of(latent, noise.add(latent, eps, t), t)',
    )
    const { reconstruction } = await evaluated(inferred, 'both', inputs)
    expect(keptError(reconstruction, flat(g.velocity))).toBeLessThan(1e-5)
  })
})

/** alpha bar of a schedule whose betas stand on a line, at two times. Source: Ho et al. 2020, by hand. */
it('std.diffusion linear_betas', async () => {
  const text = `
use std.diffusion { ddpm, linear_betas }
pipeline line {
  let noise = ddpm(steps = 3, beta = linear_betas(0.1, 0.5))
  let start = draw normal of [1]
  evaluate alphas = pictures(original = kept(constant(noise.alphas_cumprod) + 0.0 * start))
}`
  const { original } = await evaluated(text, 'alphas', from({ start: tensor([0]) }))
  expect(keptError(original, [0.9, 0.9 * 0.7, 0.9 * 0.7 * 0.5])).toBeLessThan(1e-6)
})

it('std.diffusion Guided goes on from the empty condition through the other, by its scale', async () => {
  const text = `
use std.diffusion { Guided }
pipeline guided {
  let x = draw normal of [2, 1]
  fn denoise(x, t, c) = x * c + per_row(cast(t, f32), x)
  let away = Guided(denoise, constant([[1.0], [2.0]]), 2.5)
  evaluate drawn = pictures(original = kept(away(x, constant([3, 4]), constant([[5.0], [1.0]]))))
}`
  const { original } = await evaluated(text, 'drawn', from({ x: tensor([[1], [-2]]) }))
  // 8 and 2 under the condition, 4 and 0 under the empty one
  expect(keptError(original, [4 + 2.5 * (8 - 4), 0 + 2.5 * (2 - 0)])).toBeLessThan(1e-6)
})

interface Sampling {
  readonly target: 'eps' | 'velocity' | 'clean'
  readonly times: number[]
  readonly start: Nested
  /** The picture after each step. */
  readonly states: readonly Nested[]
}

interface AncestralSampling extends Sampling {
  readonly steps: number
  readonly variance: string
  readonly noise: readonly Nested[]
}

const samplers = oracle<{
  readonly ddim: readonly Sampling[]
  readonly ddpm: readonly AncestralSampling[]
  readonly times_7: number[]
}>('samplers')

/** A pipeline that samples by single steps, all of which it keeps, and in a loop. */
const sampling = (steps: number, { times, start }: Sampling, step: string, sample: string): string => `
use std.diffusion { DdimStep, DdpmStep, ddim_sample, ddpm, ddpm_sample, scaled_linear }
pipeline sampling {
  let noise = ddpm(steps = ${steps}, beta = scaled_linear(0.00085, 0.012))
  let start = draw normal of [${shapeOf(start).join(', ')}]
  fn denoise(x, t, c) = tanh(x) * 0.5 + 0.0001 * per_row(cast(t, f32), x)
  let step = ${step}
  ${times.map((_, k) => `let x${k} = step(${k === 0 ? 'start' : `x${k - 1}`}, constant(${k}))`).join('\n  ')}
  evaluate states = pictures(original = kept(stack([${times.map((_, k) => `x${k}`).join(', ')}], axis = 0)))
  let looped = ${sample}
  evaluate end = pictures(original = kept(looped))
}`

function shapeOf(values: Nested): number[] {
  return typeof values === 'number' ? [] : [values.length, ...shapeOf(values[0] ?? 0)]
}

/** The noise of all steps as the loop draws it: rows first, then rounds. */
const rounds = (noise: readonly Nested[]): Nested =>
  (noise[0] as readonly Nested[]).map((_, row) => noise.map((n) => (n as readonly Nested[])[row] ?? 0))

describe('std.diffusion ddim_sample: diffusers DDIMScheduler, step by step, trailing times', () => {
  for (const c of samplers.ddim) {
    it(c.target, async () => {
      const call = `noise, denoise, none, "${c.target}", ${c.times.length}`
      const text = sampling(
        1000,
        c,
        `DdimStep(${call})`,
        `ddim_sample(noise, denoise, start, none, "${c.target}", count = ${c.times.length})`,
      )
      const inputs = from({ start: tensor(c.start) })
      expect(keptError((await evaluated(text, 'states', inputs))['original'], flat(c.states))).toBeLessThan(
        1e-5,
      )
      const end = flat(c.states.at(-1) ?? [])
      expect(keptError((await evaluated(text, 'end', inputs))['original'], end)).toBeLessThan(1e-5)
    })
  }

  it('its times, also where the count does not divide', async () => {
    for (const times of [samplers.ddim[0]?.times ?? [], samplers.times_7]) {
      const text = `
use std.diffusion { ddim_times }
pipeline sampling {
  let start = draw normal of [1]
  evaluate times = pictures(original = kept(constant(ddim_times(1000, ${times.length})) + 0 * cast(start, i64)))
}`
      const { original } = await evaluated(text, 'times', from({ start: tensor([0]) }))
      expect(keptError(original, times)).toBe(0)
    }
  })
})

describe('std.diffusion ddpm_sample (Eq. 1 and 2): diffusers DDPMScheduler, step by step, with given noise', () => {
  for (const c of samplers.ddpm) {
    const count = c.times.length
    it(`${c.target}, ${count} of ${c.steps} steps, sigma^2 = ${c.variance}`, async () => {
      const call = `noise, denoise, none, "${c.target}", ${count}, "${c.variance}"`
      const loop = `ddpm_sample(noise, denoise, start, none, "${c.target}", count = ${count}, variance = "${c.variance}")`
      const text = sampling(c.steps, c, `DdpmStep(${call})`, loop)
      const inputs = from({
        start: tensor(c.start),
        ...Object.fromEntries(c.noise.map((n, k) => [`x${k}/forward/fresh`, tensor(n)])),
        'looped/ddpm_sample/forward/fresh': tensor(rounds(c.noise)),
      })
      expect(keptError((await evaluated(text, 'states', inputs))['original'], flat(c.states))).toBeLessThan(
        1e-5,
      )
      const end = flat(c.states.at(-1) ?? [])
      expect(keptError((await evaluated(text, 'end', inputs))['original'], end)).toBeLessThan(1e-5)
    })
  }
})
