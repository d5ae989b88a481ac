import type { Manifest } from '../../src/artefact/manifest.js'
import { withRandomWeights } from '../../src/runtime/substitutes.js'
import { Weights } from '../../src/runtime/weights.js'

/** The seeded initial values of all models, written into `directory` unless they lie there. */
export async function initialWeights(manifest: Manifest, directory: string): Promise<Weights> {
  const random = withRandomWeights(
    manifest,
    manifest.models.map(({ name }) => name),
  )
  const spanOf = () => ({ file: manifest.pipeline, start: 0, end: 0 })
  const { weights, problems } = await Weights.open(random, { root: directory, directory, seed: 0, spanOf })
  if (problems.length > 0) throw new Error(problems.map((p) => p.message).join('; '))
  return weights
}
