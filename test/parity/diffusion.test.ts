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
})

interface DdimCase {
  readonly times: number[]
  readonly start: Nested
  readonly end: Nested
}

describe('std.diffusion ddim_sample: diffusers DDIMScheduler, trailing times', () => {
  const fixture = oracle<Readonly<Record<'eps' | 'velocity', DdimCase>> & { readonly times_7: number[] }>(
    'ddim',
  )

  for (const target of ['eps', 'velocity'] as const) {
    it(target, async () => {
      const c = fixture[target]
      const text = `
use std.diffusion { ddim_sample, ddpm, scaled_linear }
pipeline sampling {
  let noise = ddpm(steps = 1000, beta = scaled_linear(0.00085, 0.012))
  let start = draw normal of [2, 3, 4, 4]
  fn denoise(x, t, c) = tanh(x) * 0.5 + 0.0001 * per_row(cast(t, f32), x)
  evaluate end = pictures(original = kept(ddim_sample(noise, denoise, start, none, "${target}", count = ${c.times.length})))
}`
      const { original } = await evaluated(text, 'end', from({ start: tensor(c.start) }))
      expect(keptError(original, flat(c.end))).toBeLessThan(1e-5)
    })
  }

  it('its times, also where the count does not divide', async () => {
    for (const times of [fixture.eps.times, fixture.times_7]) {
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
