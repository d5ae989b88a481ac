import type { Manifest } from '../artefact/manifest.js'
import type { ModelSpec } from '../artefact/models.js'
import { trainedOf } from '../artefact/stage-parts.js'
import { contentCache } from '../cache.js'
import { notFiniteTrained, notFiniteWeights } from '../diagnostics/catalogue/run-weights.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { notFinite } from '../weights/not-finite.js'
import type { SourceTensor } from '../weights/table.js'
import type { WeightOptions } from './open-weights.js'

/** Tells of values in a file that are not finite: throws UserError where a stage trains them, else warns. */
export async function checkFinite(
  { name: model }: ModelSpec,
  sources: ReadonlyMap<string, SourceTensor>,
  { stages }: Manifest,
  { root, spanOf, onWarning }: WeightOptions,
): Promise<void> {
  const found = await notFinite([...sources.values()], contentCache(root))
  if (found.size === 0) return
  const trained = new Set(stages.flatMap(trainedOf).flatMap((t) => (t.model === model ? [t.path] : [])))
  const problems = [...sources].flatMap(([path, { name, shape, file }]) => {
    const problem = found.get(name)
    return problem ? [{ path, shape, file, ...problem }] : []
  })
  for (const file of new Set(problems.map((problem) => problem.file))) {
    const tensors = problems.filter((problem) => problem.file === file)
    const hopeless = tensors.filter(({ path }) => trained.has(path))
    if (hopeless.length > 0)
      throw new UserError(notFiniteTrained(spanOf(model), { model, file, tensors: hopeless }))
    onWarning?.(notFiniteWeights(spanOf(model), { model, file, tensors }))
  }
}
