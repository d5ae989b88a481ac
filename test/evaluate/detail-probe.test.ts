import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import detailProbe from '../../src/runtime/measures/detail-probe.js'
import ridgeProbe from '../../src/runtime/measures/ridge-probe.js'
import { seededRandom } from '../../src/runtime/measures/math/random.js'
import type { Results } from '../../src/runtime/measures/measure.js'
import { Project } from '../data/project.js'

/*
 * Aim: R2 is that of the ridge probe for each factor; a factor that features hold is found, one that they do not is at the
 * floor and out of the mean; transformed pictures are what was drawn for them.
 */
const n = 200
const random = seededRandom(3)
const drawn = (width: number): Float32Array => Float32Array.from({ length: n * width }, () => random() - 0.5)
const table = (data: Float32Array, width: number): Results => ({ shape: [n, width], data })

const features = drawn(4)
const noise = drawn(1)
/** Half of its variance is that of the first feature. */
const half = Float32Array.from({ length: n }, (_, i) => (features[4 * i] ?? 0) + (noise[i] ?? 0))
const told = Float32Array.from({ length: 2 * n }, (_, i) => features[4 * Math.floor(i / 2) + (i % 2)] ?? 0)
const given = {
  features: table(features, 4),
  position: table(told, 2),
  rotation: { shape: [n], data: half },
  hue: { shape: [n], data: drawn(1) },
}

describe('detail_probe', () => {
  test('gives of each factor what a ridge probe alone gives, and the mean of those between floor and ceiling', () => {
    const metrics = detailProbe.measure({ settings: { lambda: 1e-9 }, seed: 5, results: given })
    for (const name of ['position', 'rotation', 'hue'] as const) {
      const results = { features: given.features, target: given[name] }
      const alone = ridgeProbe.measure({ settings: { lambda: 1e-9 }, seed: 5, results })
      expect(metrics[name]).toBeCloseTo(Number(alone['r2']), 9)
    }
    expect(metrics['position']).toBeCloseTo(1, 6)
    expect(metrics['rotation']).toBeCloseTo(0.5, 0)
    expect(Math.abs(Number(metrics['hue']))).toBeLessThan(0.15)
    expect(metrics['r2']).toBe(metrics['rotation'])
  })

  test('averages at every moment over what was informative at the start', () => {
    const start = { hue_at: 'floor', rotation_at: 'floor', position: 0.5 }
    const metrics = detailProbe.measure({ settings: {}, seed: 5, start, results: given })
    expect(metrics['r2']).toBe(metrics['position'])
  })

  test('counts scenes whose true caption is nearer', () => {
    const scene = { shape: [4, 2], data: Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1) }
    const right = { shape: [4, 2], data: Float32Array.of(1, 0, 0, 1, 0, 1, 0, 1) }
    const wrong = { shape: [4, 2], data: Float32Array.of(0, 1, 1, 0, 1, 0, 0, 2) }
    const metrics = detailProbe.measure({ settings: {}, seed: 0, results: { ...given, scene, right, wrong } })
    // One right, one exchanged, one right, one whose captions say the same.
    expect(metrics).toMatchObject({ scenes: 0.5, scenes_chance: 0.5, scene_rows: 4 })
  })

  test('refuses more folds than groups', () => {
    const group = { shape: [n], data: Float32Array.from({ length: n }, (_, i) => i % 3) }
    expect(() => detailProbe.measure({ settings: {}, seed: 0, results: { ...given, group } })).toThrow(
      '5 folds of 3 groups',
    )
  })
})

describe('std.details', () => {
  let project: Project
  beforeAll(() => {
    project = new Project()
    project.write(
      'spot.mjs',
      "export default { open: () => ({ length: 100, fingerprint: 'zero', row: () => ({ at: [0] }) }) }",
    )
  })
  afterAll(() => project.remove())

  test('moves a spot to where `position` says, so that its place is read with R2 1 and its mirroring not at all', async () => {
    // A white square in the middle of black: its centre of mass is where it was moved, whatever else was done to it.
    const result = await project.run(`use std.details { transformed }
pipeline p {
  data digits = source("./spot.mjs", columns = { at: "f32[1]" }) { at: f32[1] = at }
  let square = constant([[if x >= 14 and x < 18 and y >= 14 and y < 18 { 1.0 } else { 0.0 } for x in 0..32] for y in 0..32])
  let spot = stack([square, square, square], axis = 0)[None] + 0.0 * digits.at[:, :, None, None]
  let seen = transformed(spot)
  let place = cast(arange(32), f32)
  let mass = sum(seen.image[:, 0], axis = [1, 2])
  let across = sum(seen.image[:, 0] * place[None, None, :], axis = [1, 2]) / mass
  let along = sum(seen.image[:, 0] * place[None, :, None], axis = [1, 2]) / mass
  evaluate e = detail_probe(
    features = stack([across, along], axis = 1),
    position = seen.position,
    mirror = seen.mirror,
    lambda = 1e-6,
  )
}`)
    expect(result.status).toBe('done')
    const metrics = result.status === 'done' ? result.evaluations['start']?.['e'] : undefined
    expect(Number(metrics?.['position'])).toBeGreaterThan(0.99)
    expect(Number(metrics?.['mirror'])).toBeLessThan(0.1)
    expect(metrics?.['mirror_at']).toBe('floor')
  })
})
