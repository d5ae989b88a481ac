import { describe, expect, it } from 'vitest'
import { type Nested, evaluated, flat, from, keptError, oracle, tensor } from './expressions.js'

interface Methods {
  readonly unclip: {
    readonly z: Nested
    readonly n: Nested
    readonly mean: Nested
    readonly std: Nested
    readonly labels: Readonly<Record<string, Nested>>
    readonly betas: Readonly<Record<string, number>>
  }
  readonly anchored: {
    readonly tau: number
    readonly z: Nested
    readonly z_plus: Nested
    readonly loss: number
    readonly grad_z: Nested
    readonly grad_z_plus: Nested
  }
  readonly resized: { readonly x: Nested; readonly y: Nested }
  readonly pooled: { readonly x: Nested; readonly y: Nested }
}

const { unclip, anchored, resized, pooled } = oracle<Methods>('methods')

describe('pieces of the compared methods', () => {
  it('unCLIP: betas and noised embeddings of diffusers', async () => {
    const times = Object.keys(unclip.betas)
    const text = `
use std.diffusion { squared_cosine }
use std.unclip { noised_embedding }
fn known(mean, std) = { scale: Scaling(mean, std), unscale: Unscaling(mean, std) }
module Scaling(mean, std) { fn forward(z) = (z - mean) / std }
module Unscaling(mean, std) { fn forward(z) = z * std + mean }
pipeline noising {
  let z = draw normal of [3, 6]
  let mean = draw normal of [1, 6]
  let std = draw normal of [1, 6]
  let betas = squared_cosine()(1000)
  let low = noised_embedding(known(mean, std), z)
  let high = noised_embedding(known(mean, std), z, level = 137)
  evaluate beta = pictures(original = kept(constant([${times.map((t) => `betas[${t}]`).join(', ')}])))
  evaluate labels = pictures(original = kept(low), reconstruction = kept(high))
}`
    const { z, n, mean, std } = unclip
    const named = { z: tensor(z), mean: tensor(mean), std: tensor(std) }
    const inputs = from({
      ...named,
      'low/noised_embedding/n': tensor(n),
      'high/noised_embedding/n': tensor(n),
    })
    const { original: beta } = await evaluated(text, 'beta', inputs)
    expect(keptError(beta, Object.values(unclip.betas))).toBeLessThan(1e-5)
    const labels = await evaluated(text, 'labels', inputs)
    expect(keptError(labels['original'], flat(unclip.labels['0'] ?? []))).toBeLessThan(1e-5)
    expect(keptError(labels['reconstruction'], flat(unclip.labels['137'] ?? []))).toBeLessThan(1e-5)
  })

  it('anchored_views: torch cross-entropy over the own view and the other pictures', async () => {
    const text = `
use std.losses { anchored_views }
pipeline contrast {
  let z = draw normal of [5, 4]
  let z_plus = draw normal of [5, 4]
  loss l = anchored_views(z, z_plus, ${anchored.tau})
  evaluate both = pictures(original = kept(grad(l, z)), reconstruction = kept(grad(l, z_plus)))
  evaluate value = pictures(original = kept(l))
}`
    const inputs = from({ z: tensor(anchored.z), z_plus: tensor(anchored.z_plus) })
    expect(keptError((await evaluated(text, 'value', inputs))['original'], [anchored.loss])).toBeLessThan(
      1e-5,
    )
    const both = await evaluated(text, 'both', inputs)
    expect(keptError(both['original'], flat(anchored.grad_z))).toBeLessThan(1e-5)
    expect(keptError(both['reconstruction'], flat(anchored.grad_z_plus))).toBeLessThan(1e-5)
  })

  it('resize_bilinear: torch interpolate', async () => {
    const text = `
use std.augment { resize_bilinear }
pipeline resizing {
  let x = draw normal of [2, 3, 7, 5]
  evaluate y = pictures(original = kept(resize_bilinear(x, 4, 6)))
}`
    const { original } = await evaluated(text, 'y', from({ x: tensor(resized.x) }))
    expect(keptError(original, flat(resized.y))).toBeLessThan(1e-5)
  })

  it("DIVA's means of neighbouring tokens: torch avg_pool1d", async () => {
    const text = `
use "./diva.dcr" { pooled_tokens }
pipeline pooling {
  let x = draw normal of [2, 8, 3]
  evaluate y = pictures(original = kept(pooled_tokens(x, 3)))
}`
    const { original } = await evaluated(text, 'y', from({ x: tensor(pooled.x) }))
    expect(keptError(original, flat(pooled.y))).toBeLessThan(1e-6)
  })

  it("GenHancer's hidden places: a drawn share of each row, those with the largest numbers", async () => {
    const chance = [
      [0.1, 0.9, 0.4, 0.8, 0.3],
      [0.7, 0.2, 0.6, 0.5, 0.95],
      [0.3, 0.35, 0.2, 0.15, 0.1],
    ]
    const text = `
use std.perceiver { random_places }
pipeline hiding {
  let hidden = random_places(3, 5, 0.1, 0.9)
  evaluate all = pictures(original = kept(hidden))
}`
    const inputs = from({
      'hidden/random_places/share': tensor([0.5, 0.85, 0.1]),
      'hidden/random_places/chance': tensor(chance),
    })
    // floor(5 share) places, and one at least
    const counts = [2, 4, 1]
    const expected = chance.map((row, k) => {
      const least = row.toSorted((a, b) => b - a)[(counts[k] ?? 0) - 1] ?? NaN
      return row.map((v) => (v >= least ? 1 : 0))
    })
    const { original } = await evaluated(text, 'all', inputs)
    expect(keptError(original, expected.flat())).toBe(0)
  })

  it('rectified_flow: the ends of the line and its velocity', async () => {
    const text = `
use std.diffusion { rectified_flow }
pipeline line {
  let x = draw normal of [3, 2]
  let eps = draw normal of [3, 2]
  let t = draw uniform(0.0, 1.0) of [3]
  let flow = rectified_flow()
  evaluate both = pictures(original = kept(flow.add(x, eps, t)), reconstruction = kept(flow.velocity(x, eps)))
}`
    const inputs = from({
      x: tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      eps: tensor([
        [-1, 1],
        [-2, 2],
        [-4, 4],
      ]),
      t: tensor([0, 1, 0.25]),
    })
    const both = await evaluated(text, 'both', inputs)
    expect(keptError(both['original'], [1, 2, -2, 2, 2.75, 5.5])).toBeLessThan(1e-6)
    expect(keptError(both['reconstruction'], [-2, -1, -5, -2, -9, -2])).toBeLessThan(1e-6)
  })

  it('layer_normalization without weight of rows too long for a constant: value and gradient', async () => {
    const width = 5000
    const text = `
pipeline long {
  let x = draw normal of [2, ${width}]
  let g = draw normal of [2, ${width}]
  let y = layer_normalization(x, none, none, axis = -1, eps = 1e-5)
  evaluate both = pictures(original = kept(y), reconstruction = kept(grad(sum(y * g), x)))
}`
    const wave = (f: number): number[][] =>
      [0, 1].map((row) => Array.from({ length: width }, (_, i) => Math.fround(Math.sin(f * i + row) + row)))
    const [x, g] = [wave(0.37), wave(1.73)]
    const average = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / width
    const y: number[][] = []
    const dx: number[][] = []
    for (const [row, values] of x.entries()) {
      const mean = average(values)
      const r = 1 / Math.sqrt(average(values.map((v) => (v - mean) ** 2)) + 1e-5)
      const unit = values.map((v) => (v - mean) * r)
      const own = g[row] ?? []
      const [m, along] = [average(own), average(own.map((v, i) => v * (unit[i] ?? 0)))]
      y.push(unit)
      dx.push(own.map((v, i) => r * (v - m - (unit[i] ?? 0) * along)))
    }
    const both = await evaluated(text, 'both', from({ x: tensor(x), g: tensor(g) }))
    expect(keptError(both['original'], y.flat())).toBeLessThan(1e-5)
    expect(keptError(both['reconstruction'], dx.flat())).toBeLessThan(1e-5)
  })
})
