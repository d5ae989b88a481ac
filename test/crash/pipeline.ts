import type { Artefact } from '../../src/artefact/manifest.js'
import type { RunOptions } from '../../src/runtime/options.js'
import type { RowStream } from '../../src/runtime/sources/dataset.js'
import { artefactOf, points, regression } from '../runtime/regression.js'
import { Numbers } from '../runtime/streams.js'

/**
 * What is killed: two stages of training on a stream of rows, with checkpoints, and measurements within the first by
 * which the best of it is kept: all that a run writes into its folder.
 */
export function crashPipeline(): Artefact {
  const { manifest, files } = regression({
    stages: ['first', 'second'],
    steps: 9,
    saveEvery: 4,
    lr: 0.01,
    evaluations: true,
  })
  const best = { evaluation: 'all', case: null, metric: 'mean', better: 'lower' } as const
  const stages = manifest.stages.map((stage) =>
    stage.name === 'first'
      ? { ...stage, measures: [{ evaluation: 'all', every: 3 }], keep_best: best, keep_last: 2 }
      : stage,
  )
  return artefactOf(files, { ...manifest, stages })
}

/** A new stream on each call, as each process opens its own. */
export const crashOptions = (): Pick<RunOptions, 'openDataset' | 'measure' | 'threads'> => {
  const stream = new Numbers([40, 40, 40], 6)
  const all = points(120)
  const rows: RowStream = {
    fingerprint: 'stream',
    shards: 3,
    shuffle: 6,
    async *read(shard, from) {
      for await (const { at, next, row } of stream.read(shard, from))
        yield { row: all.row(row.x[0] ?? 0), at, next }
    },
  }
  return {
    threads: 1,
    openDataset: async () => rows,
    measure: async (_, { results }) => {
      const values = results['prediction']?.data ?? new Float32Array()
      return { mean: Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length) }
    },
  }
}
