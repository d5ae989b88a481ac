import type { Artefact } from '../../src/artefact/manifest.js'
import { loadArtefact } from '../../src/runtime/artefact.js'
import type { RunOptions } from '../../src/runtime/options.js'
import type { Row, RowStream } from '../../src/runtime/sources/dataset.js'
import { artefactOf, points, regression } from '../runtime/regression.js'
import { Numbers } from '../runtime/streams.js'

/** What is killed. */
export interface Sample {
  /** The file of this folder that it is compiled from; none where it is written by hand. */
  readonly source?: string
  /** `compiled` is the folder of what was made of the file. */
  artefact(compiled: string): Artefact
  /** Fresh ones for each process. */
  options(): RunOptions
}

const rows = 120

/** A stream of numbered rows. */
function streamOf(row: (index: number) => Row): RowStream {
  const stream = new Numbers([40, 40, 40], 6)
  return {
    fingerprint: 'stream',
    shards: 3,
    shuffle: 6,
    async *read(shard, from) {
      for await (const { at, next, row: read } of stream.read(shard, from))
        yield { row: row(read.x[0] ?? 0), at, next }
    },
  }
}

/**
 * Two stages of training on a stream of rows, with checkpoints, and measurements within the first by which the best of it
 * is kept; written by hand, so that little happens beside what a run writes.
 */
const stages: Sample = {
  artefact() {
    const { manifest, files } = regression({
      stages: ['first', 'second'],
      steps: 9,
      saveEvery: 4,
      lr: 0.01,
      evaluations: true,
    })
    const best = { evaluation: 'all', case: null, metric: 'mean', better: 'lower' } as const
    const all = manifest.stages.map((stage) =>
      stage.name === 'first'
        ? { ...stage, measures: [{ evaluation: 'all', every: 3 }], keep_best: best, keep_last: 2 }
        : stage,
    )
    return artefactOf(files, { ...manifest, stages: all })
  },
  options() {
    const all = points(rows)
    return {
      openDataset: async () => streamOf((index) => all.row(index)),
      measure: async (_, { results }) => {
        const values = results['prediction']?.data ?? new Float32Array()
        return { mean: Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length) }
      },
    }
  },
}

/**
 * Rounds of two updates with micro-batches, averages, states and shares, of which some are skipped because they are not
 * finite; then a stage that stops early and ends with the best of its values.
 */
const everything: Sample = {
  source: 'everything.dcr',
  artefact: loadArtefact,
  options: () => ({
    openDataset: async () =>
      streamOf((index) => ({
        image: Float32Array.from({ length: 3 * 8 * 8 }, (_, i) => Math.sin(1 + index * 1.7 + i * 2.3)),
      })),
  }),
}

/** A loss that is too high for four steps in a row. */
const astray: Sample = { source: 'astray.dcr', artefact: loadArtefact, options: () => ({}) }

export const samples: ReadonlyMap<string, Sample> = new Map([
  ['astray', astray],
  ['stages', stages],
  ['everything', everything],
])
