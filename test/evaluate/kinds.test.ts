import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import average from '../../src/runtime/measures/average.js'
import clusteringKind from '../../src/evaluations/clustering.js'
import gateKind from '../../src/evaluations/condition-gate.js'
import picturesKind from '../../src/evaluations/pictures.js'
import conditionGate from '../../src/runtime/measures/condition-gate.js'
import { meansOf } from '../../src/runtime/measures/math/means.js'
import { encodePng } from '../../src/runtime/measures/picture/png.js'
import pictures from '../../src/runtime/measures/pictures.js'
import { evaluationKinds } from '../../src/evaluations/registry.js'
import { seededRandom } from '../../src/runtime/measures/math/random.js'
import scatter from '../../src/runtime/measures/scatter.js'
import { folders, render, target } from '../tools/generate.js'

interface ScatterGolden {
  readonly features: number[][]
  readonly labels: number[]
  readonly inner: number
  readonly inter: number
}

test('scatter has the deviation over rows that two normal classes have', () => {
  const [rows, width, apart] = [400, 3, 4]
  const random = seededRandom(5)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const label = Array.from({ length: 2 * rows }, (_, i) => i % 2)
  const features = label.flatMap((c) => [normal() + c * apart, normal(), normal()])
  const metrics = scatter.measure({
    settings: {},
    seed: 0,
    results: {
      features: { shape: [2 * rows, width], data: Float32Array.from(features) },
      label: { shape: [2 * rows], data: Float32Array.from(label) },
    },
  })
  // |x - mean|^2 is chi-squared: variance 2 width, over rows, over two classes
  const inner = Math.sqrt((2 * width) / rows / 2)
  // |m1 - m2|^2 moves as 2 apart (e1 - e2), where e has the variance 1 / rows
  const inter = 2 * apart * Math.sqrt(2 / rows)
  expect(Math.abs(Number(metrics['s_inner_std']) / inner - 1)).toBeLessThan(0.2)
  expect(Math.abs(Number(metrics['s_inter_std']) / inter - 1)).toBeLessThan(0.2)
  const [low = NaN, high = NaN] = metrics['s_inter_interval'] as readonly number[]
  expect(low).toBeLessThan(Number(metrics['s_inter']))
  expect((high - low) / (2 * 1.96 * inter)).toBeCloseTo(1, 0)
  // each row twice, its copies one group: as uncertain as before
  const twice = <T>(list: readonly T[]): readonly T[] => [...list, ...list]
  const copied = scatter.measure({
    settings: {},
    seed: 0,
    results: {
      features: { shape: [4 * rows, width], data: Float32Array.from(twice(features)) },
      label: { shape: [4 * rows], data: Float32Array.from(twice(label)) },
      group: { shape: [4 * rows], data: Float32Array.from(twice(label.map((_, i) => i))) },
    },
  })
  expect(copied['s_inter_std']).toBeCloseTo(Number(metrics['s_inter_std']), 6)
})

test('scatter equals Eq. 4 and 5 on the reference', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../golden/scatter.json', import.meta.url), 'utf8'),
  ) as ScatterGolden
  const metrics = scatter.measure({
    settings: {},
    seed: 0,
    results: {
      features: { shape: [40, 6], data: Float32Array.from(golden.features.flat()) },
      label: { shape: [40], data: Float32Array.from(golden.labels) },
    },
  })
  expect(Math.abs(Number(metrics['s_inner']) / golden.inner - 1)).toBeLessThan(1e-6)
  expect(Math.abs(Number(metrics['s_inter']) / golden.inter - 1)).toBeLessThan(1e-6)
  expect(metrics['classes']).toBe(5)
})

const measureGate = (cosines: number[][], threshold = 0.98) =>
  conditionGate.measure({
    settings: { t: [300, 600], threshold },
    seed: 0,
    results: { cosines: { shape: [cosines.length, 2], data: Float32Array.from(cosines.flat()) } },
  })

const gateProblems = (shape: number[]) =>
  gateKind.problems?.({ settings: { t: [1, 2] }, shapes: { cosines: shape } })

const pictureProblems = (shape: number[]) =>
  picturesKind.problems?.({ settings: {}, shapes: { original: shape } })

describe('condition_gate', () => {
  test('averages over batches per t, and passes at or below the threshold', () => {
    const metrics = measureGate([
      [0.5, 0.25],
      [1, 0.75],
    ])
    expect(metrics).toMatchObject({ t: [300, 600], cosine: [0.75, 0.5], mean: 0.625, passed: true })
    expect(metrics['verdict']).toContain('uses its condition')
    expect(measureGate([[0.75, 0.75]], 0.75)).toMatchObject({ passed: true })
  })

  test('says that a comparison means nothing above it, and for predictions that are not finite', () => {
    const failed = measureGate([[0.99, 0.985]])
    expect(failed['passed']).toBe(false)
    expect(failed['verdict']).toContain('the generator ignores its condition; a comparison means nothing')
    expect(measureGate([[Number.NaN, 0.5]])).toMatchObject({ passed: false, mean: null, cosine: [null, 0.5] })
  })

  test('wants one cosine per t', () => {
    expect(gateProblems([2])).toEqual([])
    expect(gateProblems([3])).toMatchObject([{ parameter: 'cosines' }])
    expect(gateProblems([])).toHaveLength(1)
  })
})

test('average gives the mean and its standard error', () => {
  const metrics = average.measure({
    settings: {},
    seed: 0,
    results: { value: { shape: [4], data: Float32Array.of(1, 2, 3, 6) } },
  })
  // Deviation of 1, 2, 3, 6 is sqrt(14 / 3); over the root of 4.
  expect(metrics).toEqual({ mean: 3, mean_std: Math.sqrt(14 / 3) / 2, batches: 4 })
})

test('cases have a mean of each metric, with the deviation of a mean of independent numbers', () => {
  const { metrics } = clusteringKind
  const cases = new Map([
    ['a', { nmi: 0.2, nmi_std: 0.03, acc: 1, ari: null, rows: 5 }],
    ['b', { nmi: 0.4, nmi_std: 0.04, acc: 0.5, ari: 0.1, rows: 7 }],
  ])
  expect(meansOf(metrics, cases)).toEqual({
    nmi: expect.closeTo(0.3, 12),
    nmi_std: expect.closeTo(0.025, 12),
    acc: 0.75,
    ari: null,
  })
})

describe('pictures', () => {
  test('are PNG files that another program decodes to the same pixels', async () => {
    const [width, height] = [5, 3]
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256)
    const decoded = await sharp(encodePng(pixels, width, height))
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(decoded.info).toMatchObject({ width, height, channels: 3 })
    expect([...decoded.data]).toEqual([...pixels])
  })

  test('come plane by plane, clamped to [0, 1], from all batches', async () => {
    // Two batches of one picture of 1 x 2 pixels: red plane, green plane, blue plane.
    const data = Float32Array.of(0, 1, 0.5, -3, 7, 0.2, 1, 1, 1, 1, 1, 1)
    const metrics = pictures.measure({
      settings: {},
      seed: 0,
      results: { original: { shape: [2, 1, 3, 1, 2], data } },
    })
    const uris = metrics['original'] as string[]
    expect(uris).toHaveLength(2)
    const file = Buffer.from(uris[0]?.replace('data:image/png;base64,', '') ?? '', 'base64')
    expect([...(await sharp(file).raw().toBuffer())]).toEqual([0, 128, 255, 255, 0, 51])
  })

  test('wants pictures with three channels', () => {
    expect(pictureProblems([8, 3, 32, 32])).toEqual([])
    expect(pictureProblems([8, 1, 32, 32])).toHaveLength(1)
    expect(pictureProblems([3, 32, 32])).toHaveLength(1)
  })
})

test('every kind is in the list, names its parameters once, and has batches where it has values of one', () => {
  expect(evaluationKinds.map((kind) => kind.name).sort()).toEqual([
    'average',
    'classification',
    'clustering',
    'condition_gate',
    'detail_probe',
    'knn',
    'linear_probe',
    'mmvp_vlm',
    'naturalbench_retrieval',
    'pictures',
    'retrieval',
    'ridge_probe',
    'scatter',
    'tsne',
    'zero_shot',
  ])
  for (const kind of evaluationKinds) {
    const names = kind.parameters.map((p) => p.name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.includes('batches')).toBe(kind.parameters.some((p) => p.kind === 'batch'))
  }
})

test.each(folders.map((entry) => [entry.folder, entry] as const))('the list of %s is current', (_, entry) => {
  expect(readFileSync(target(entry.folder), 'utf8')).toBe(render(entry))
})
