import { readSettings } from '../../settings.js'
import declared from '../../evaluations/tsne.js'
import { principalPlane } from './math/principal.js'
import { seededRandom } from './math/random.js'
import { deviation } from './math/statistics.js'
import { tsne as place } from './math/tsne.js'
import type { KindMeasure } from './measure.js'
import { finiteOrNull, result, rowsOf } from './results.js'
import { RowsUnfit } from './rows-unfit.js'

/** How far apart rows begin. */
const startDeviation = 1e-4

const early = 250

const tsne: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const [perplexity, iterations] = [read.number('perplexity'), read.number('iterations')]
    const { count, width, data } = rowsOf(result(input, 'features'))
    const label = result(input, 'label').data
    const [names, ...others] = input.names ?? []
    const taken = Math.min(count, read.number('most'))
    const rows = Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken))
    if (3 * perplexity >= taken)
      throw new RowsUnfit(
        `a perplexity of ${perplexity} of ${taken} rows`,
        `ask for a \`perplexity\` below ${Math.floor(taken / 3)}`,
      )
    const chosen = new Float32Array(taken * width)
    rows.forEach((row, i) => chosen.set(data.subarray(row * width, (row + 1) * width), i * width))
    if (!chosen.every(Number.isFinite))
      throw new RowsUnfit(
        'features that are not finite',
        'see which step first gave such: `on_nonfinite = stop`',
      )
    const plane = principalPlane(chosen, width, seededRandom(input.seed))
    const spread = deviation([...plane].filter((_, k) => k % 2 === 0))
    const at = plane.map((value) => (spread > 0 ? (value / spread) * startDeviation : 0))
    const divergence = place(chosen, width, at, { perplexity, iterations, early })
    return {
      place: [...at].map((value) => Number(value.toFixed(3))),
      label: rows.map((row) => label[row] ?? 0),
      ...(names && others.length === 0 ? { names } : {}),
      divergence: finiteOrNull(divergence),
      rows: taken,
      protocol: `exact t-SNE of ${taken} of ${count} rows, perplexity ${perplexity}, ${iterations} steps from the first two principal components`,
    }
  },
}

export default tsne
