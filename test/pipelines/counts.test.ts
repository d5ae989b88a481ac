import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { analyze } from '../../src/compiler/index.js'

const root = fileURLToPath(new URL('../../pipelines', import.meta.url))

/** CLIP ViT-L/14's picture tower and its projection: 303.97 M, of 427,616,513. */
const vision = 303_179_776 + 768 * 1024
/** Rank 16 beside the linear layers of the picture tower and the projection, and the tower's biases: as published. */
const adapted = 7_077_888 + 28_672 + 221_184
/** LayerNorm(768), Linear(768, d), Linear(d, d). */
const projector = (d: number): number => 2 * 768 + 769 * d + (d + 1) * d

/** Trained parameters by stage. */
const expected: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // 1,838,592 as in the published code.
  'dcr.dcr': { align: 1_838_592, enhance: adapted },
  'naive.dcr': { align: projector(1024), enhance: adapted },
  // With a linear layer from 768 to 1024.
  'diva.dcr': { tune: vision + 769 * 1024 },
  // The denoiser of diffusers at GenHancer's size, and both projectors.
  'genhancer.dcr': { generate: 1_310_154_816 + projector(768) + projector(4096), enhance: adapted },
  'un2clip.dcr': { enhance: vision },
}

describe('what the stages of the full-size pipelines train', () => {
  for (const [file, stages] of Object.entries(expected)) {
    it(file, { timeout: 60_000 }, () => {
      const { lowered } = analyze({
        entry: file,
        files: { read: (path) => readFileSync(join(root, path), 'utf8') },
      })
      const found = lowered?.stages.map(({ name, trained }) => [
        name,
        trained.reduce((sum, { shape }) => sum + shape.reduce((n, d) => n * d, 1), 0),
      ])
      expect(Object.fromEntries(found ?? [])).toEqual(stages)
    })
  }
})
