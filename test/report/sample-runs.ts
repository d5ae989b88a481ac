/** Three made-up runs with plausible numbers, written as a runner writes them and as summaries. */
import type { Json } from '../../src/artefact/json.js'
import { encodePng } from '../../src/runtime/measures/picture/png.js'
import { seededRandom, type Random } from '../../src/runtime/measures/math/random.js'
import type { RunSummary, StageSummary, StepRecord } from '../../src/report/run-summary.js'

interface Method {
  readonly pipeline: string
  readonly level: number
  readonly conflict: number
  readonly digits: readonly [number, number, number]
  readonly unseen: readonly [number, number, number]
  readonly probe: number
  readonly gate: number
}

const original = { digits: [0.183, 0.252, 0.081], unseen: [0.214, 0.318, 0.109], probe: 0.369 } as const

export const methods: readonly Method[] = [
  {
    pipeline: 'dcr',
    level: 2.9,
    conflict: 0,
    digits: [0.171, 0.244, 0.066],
    unseen: [0.216, 0.322, 0.111],
    probe: 0.355,
    gate: 0.93,
  },
  {
    pipeline: 'naive',
    level: 2.2,
    conflict: 0.46,
    digits: [0.205, 0.27, 0.083],
    unseen: [0.211, 0.315, 0.104],
    probe: 0.367,
    gate: 0.95,
  },
  {
    pipeline: 'reconstruction',
    level: 0.6,
    conflict: 0.49,
    digits: [0.184, 0.256, 0.08],
    unseen: [0.215, 0.317, 0.108],
    probe: 0.391,
    gate: 0.94,
  },
]

const clustering = (
  [nmi, acc, ari]: readonly [number, number, number],
  spread: number,
): Record<string, Json> => ({
  nmi,
  nmi_std: spread,
  acc,
  acc_std: spread * 1.6,
  ari,
  ari_std: spread * 1.1,
  rows: 2000,
  clusters: 10,
  seeds: 10,
})

const gate = (mean: number): Record<string, Json> => ({
  t: [300, 400, 500, 600, 700, 800, 900],
  cosine: [0.045, 0.03, 0.015, 0, -0.015, -0.03, -0.045].map((offset) => mean + offset),
  mean,
  threshold: 0.98,
  passed: mean <= 0.98,
  verdict:
    mean <= 0.98
      ? `the generator uses its condition: mean cosine ${mean.toFixed(3)}, at most 0.98 is allowed`
      : 'the generator ignores its condition; a comparison means nothing',
})

function records(
  stage: string,
  steps: number,
  level: number,
  conflict: number,
  random: Random,
): StepRecord[] {
  return Array.from({ length: steps }, (_, step) => ({
    stage,
    step: step + 1,
    loss: level * (0.55 + 0.45 * Math.exp(-step / (steps / 5))) * (1 + 0.16 * (random() + random() - 1)),
    grad_norm: 1 + random(),
    updates: {},
    monitors:
      conflict > 0 && step % 3 === 0 ? { conflict: random() - conflict, conflict_null: random() - 0.47 } : {},
    step_ms: 108 + 20 * random(),
    data_ms: 0.2 + 0.3 * random(),
  }))
}

/** A disc on white: colour, size and blur by number. */
function disc(hue: number, radius: number, blur: number, random: Random): string {
  const size = 32
  const colour = [0, 1, 2].map((c) => 0.5 + 0.45 * Math.cos(hue + (c * 2 * Math.PI) / 3))
  const pixels = new Uint8Array(size * size * 3)
  for (let i = 0; i < size * size; i++) {
    const distance = Math.hypot((i % size) - 15.5, Math.floor(i / size) - 15.5)
    const inside = 1 / (1 + Math.exp((distance - radius) / (0.3 + blur)))
    for (let c = 0; c < 3; c++) {
      const value = 1 + inside * ((colour[c] ?? 0) - 1) + blur * 0.1 * (random() - 0.5)
      pixels[i * 3 + c] = Math.round(Math.min(Math.max(value, 0), 1) * 255)
    }
  }
  return `data:image/png;base64,${Buffer.from(encodePng(pixels, size, size)).toString('base64')}`
}

const pictures = (blur: number, random: Random): Record<string, Json> => ({
  original: Array.from({ length: 8 }, (_, i) => disc(i, 6 + i, 0, seededRandom(1))),
  reconstruction: Array.from({ length: 8 }, (_, i) => disc(i + blur / 3, 6 + i, blur, random)),
})

/** The runs of the three methods; `steps` per stage, a mean cosine for the gate. */
export function sampleRuns(steps = 300, gateAtStart = 0.94): RunSummary[] {
  return methods.map((method, m): RunSummary => {
    const random = seededRandom(7, m)
    const stage = (name: string, trained: number, level: number, conflict: number): StageSummary => ({
      name,
      updates: [],
      steps,
      accumulate: 1,
      optimizers: ['adamw'],
      learningRates: [name === 'align' ? 1e-3 : 5e-5],
      trained,
      records: records(name, steps, level, conflict, random),
    })
    return {
      folder: `runs/${method.pipeline}/1`,
      pipeline: method.pipeline,
      seed: 0,
      target: 'cpu',
      compiler: '0.1.0',
      hash: `${m}3f9a1c07b52de84`,
      params: { batch: 8, tau: 0.1, t_from: 300 },
      stages: [
        stage('align', 24_832, method.level * 1.3, 0),
        stage('enhance', 858_112, method.level, method.conflict),
      ],
      evaluations: [
        { name: 'gate', kind: 'condition_gate' },
        { name: 'digits', kind: 'clustering' },
        { name: 'unseen', kind: 'clustering' },
        { name: 'pixels', kind: 'ridge_probe' },
        { name: 'look', kind: 'pictures' },
      ],
      moments: [
        {
          name: 'start',
          results: {
            gate: gate(gateAtStart),
            digits: clustering(original.digits, 0.004),
            unseen: clustering(original.unseen, 0.003),
            pixels: { r2: original.probe, r2_std: 0.006, rows: 1586, groups: 1586, folds: 5 },
            look: pictures(3, seededRandom(3)),
          },
        },
        {
          name: 'align',
          results: { gate: gate(gateAtStart + (method.gate - 0.94) / 2), look: pictures(2.2, random) },
        },
        {
          name: 'enhance',
          results: {
            gate: gate(gateAtStart + method.gate - 0.94),
            digits: clustering(method.digits, 0.004),
            unseen: clustering(method.unseen, 0.003),
            pixels: { r2: method.probe, r2_std: 0.006, rows: 1586, groups: 1586, folds: 5 },
            look: pictures(1.2 + m / 2, random),
          },
        },
      ],
    }
  })
}
