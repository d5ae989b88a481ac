import { createHash } from 'node:crypto'
import { canonical } from '../json/canonical.js'
import type { EvaluationSpec } from '../artefact/evaluations.js'
import type { Artefact } from '../artefact/manifest.js'
import { dataOfEvaluation, graphsOfEvaluation } from '../artefact/graphs-of.js'

/**
 * What an evaluation before the first stage follows from: its graphs, its settings, its data, the seed, and the
 * weights that the models start from. Equal keys give equal results as long as no file changes.
 */
export function startKey({ manifest, files }: Artefact, spec: EvaluationSpec, seed: number): string {
  const graphs = graphsOfEvaluation(spec)
  const read = new Set([
    ...spec.reads.map((name) => name.slice(0, name.indexOf('/'))),
    // what references read is not among the evaluation's own reads
    ...graphs.flatMap(({ parameters }) => parameters.map(({ model }) => model)),
  ])
  const inputs = dataOfEvaluation(spec)
  const hash = createHash('sha256')
  hash.update(
    canonical({
      seed,
      spec,
      models: manifest.models.filter((m) => read.has(m.name)),
      data: manifest.data.filter((d) => inputs.has(d.name)),
    }),
  )
  for (const { file } of graphs) hash.update(files.get(file) ?? new Uint8Array())
  return hash.digest('hex')
}
