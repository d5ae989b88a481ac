import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { analyze } from '../../src/compiler/index.js'

const root = fileURLToPath(new URL('../../pipelines', import.meta.url))

/** The numbers of linear layers: weight and bias; and of LoRA's two factors beside one, with rank 16. */
const linear = (from: number, to: number): number => (from + 1) * to
const lora = (from: number, to: number): number => 16 * (from + to)

interface Tower {
  readonly layers: number
  readonly width: number
  readonly mlp: number
}

/** Of a tower, the factors beside its six linear layers per block, and the biases of these. */
const factors = ({ layers, width, mlp }: Tower): number =>
  layers * (4 * lora(width, width) + lora(width, mlp) + lora(mlp, width))
const biases = ({ layers, width, mlp }: Tower): number => layers * (5 * width + mlp)

const large: Tower = { layers: 24, width: 1024, mlp: 4096 }
const siglip: Tower = { layers: 27, width: 1152, mlp: 4304 }
const textOfLarge: Tower = { layers: 12, width: 768, mlp: 3072 }
const textOfHuge: Tower = { layers: 24, width: 1024, mlp: 4096 }

/** LayerNorm, Linear, Linear. */
const projector = (from: number, to: number): number => 2 * from + linear(from, to) + linear(to, to)

/** What the adapters of each backbone train: published numbers as far as there are any. */
const adapted = {
  // 7,077,888 factors of the tower, 28,672 of the projection, 221,184 biases
  l: 7_327_744,
  h: 12_201_984,
  // also the MLP of the pooling head, and the bias of its output projection
  siglip: factors(siglip) + biases(siglip) + lora(1152, 4304) + lora(4304, 1152) + 4304 + 1152 + 1152,
  dinov2: factors(large) + biases(large),
}

/** CLIP ViT-L/14's picture tower and its projection: 303.97 M, of 427,616,513; 336 pixels have 320 positions more. */
const vision = 303_179_776 + 768 * 1024
const vision336 = vision + 320 * 1024
/** 632.08 M and 427.68 M in the published tables. */
const visionH = 630_766_080 + 1280 * 1024
const visionSiglip = 427_680_704

const flux = 1_310_154_816

/** Trained parameters by stage. */
const expected: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // 1,838,592, 2,101,248 and 2,232,576 as in the published code.
  'dcr.dcr': { align: 1_838_592, enhance: adapted.l },
  'dcr-official.dcr': { align: 1_838_592, enhance: adapted.l },
  'backbones/openai_l_336.dcr': { align: 1_838_592, enhance: adapted.l },
  'backbones/metaclip_l.dcr': { align: 1_838_592, enhance: adapted.l },
  'backbones/metaclip_h.dcr': { align: 2_101_248, enhance: adapted.h },
  'backbones/siglip_so_224.dcr': { align: 2_232_576, enhance: adapted.siglip },
  'backbones/siglip_so_384.dcr': { align: 2_232_576, enhance: adapted.siglip },
  'backbones/dinov2_l.dcr': { align: 2_101_248, enhance: adapted.dinov2 },
  'naive.dcr': { align: projector(768, 1024), enhance: adapted.l },
  'reconstruction.dcr': { align: projector(768, 1024), enhance: adapted.l },
  'contrastive.dcr': { enhance: adapted.l },
  // With a linear layer from the features to 1024.
  'diva.dcr': { tune: vision + linear(768, 1024) },
  'backbones/diva.dcr#diva_openai_l_336': { tune: vision336 + linear(768, 1024) },
  'backbones/diva.dcr#diva_metaclip_h': { tune: visionH + linear(1024, 1024) },
  'backbones/diva.dcr#diva_siglip_so_224': { tune: visionSiglip + linear(1152, 1024) },
  // The denoiser of diffusers at GenHancer's size, and both projectors.
  'genhancer.dcr': { generate: flux + projector(768, 768) + projector(768, 4096), enhance: adapted.l },
  'backbones/genhancer.dcr#genhancer_siglip_so_384': {
    generate: flux + projector(1152, 768) + projector(1152, 4096),
    enhance: adapted.siglip,
  },
  'un2clip.dcr': { enhance: vision },
  'backbones/un2clip.dcr#un2clip_openai_l_336': { enhance: vision336 },
}

function trained(name: string): Readonly<Record<string, number>> {
  const [entry = '', pipeline] = name.split('#')
  const { lowered } = analyze({
    entry,
    ...(pipeline === undefined ? {} : { pipeline }),
    files: { read: (path) => readFileSync(join(root, path), 'utf8') },
  })
  const counts = lowered?.stages.map(({ name: stage, updates: [update] }) => [
    stage,
    (update?.trained ?? []).reduce((sum, { shape }) => sum + shape.reduce((n, d) => n * d, 1), 0),
  ])
  return Object.fromEntries(counts ?? []) as Record<string, number>
}

describe('what the stages of the full-size pipelines train', () => {
  for (const [name, stages] of Object.entries(expected)) {
    it(name, { timeout: 60_000 }, () => {
      expect(trained(name)).toEqual(stages)
    })
  }
})

/*
 * The paper's table 8 counts as trained what the published code leaves with a gradient flag: beside what it trains,
 * the generator's text encoder, and adapters of a text tower that no loss reaches.
 */
describe('the counts of table 8 are ours and what never changes', () => {
  const textEncoder = 340_387_840
  const inText = (tower: Tower): number => factors(tower) + biases(tower)
  const cases: readonly (readonly [backbone: string, ours: number, idle: number, published: number])[] = [
    ['ViT-L', adapted.l, inText(textOfLarge) + lora(768, 768), 350_477_312],
    ['ViT-H', adapted.h, inText(textOfHuge) + lora(1024, 1024), 359_921_664],
    // beside the text tower, the factors that torch's MultiheadAttention bypasses
    ['SigLIP', adapted.siglip, inText(siglip) + lora(1152, 1152), 358_539_952],
  ]
  it.each(cases)('%s', (_, ours, idle, published) => {
    expect(textEncoder + ours + idle).toBe(published)
  })
})
