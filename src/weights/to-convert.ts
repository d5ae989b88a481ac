import type { ModelSpec } from '../artefact/models.js'
import { type SourceTensor, isStored } from './table.js'

/**
 * The tensors of a model that are converted before graphs read them: f32 parameters that lie in another type or not row
 * by row, and all of them where `as` rounds them.
 */
export function toConvert(
  { parameters, as }: Pick<ModelSpec, 'parameters' | 'as'>,
  sources: ReadonlyMap<string, SourceTensor>,
): readonly SourceTensor[] {
  const floats = new Set(parameters.filter(({ dtype }) => dtype === 'f32').map(({ path }) => path))
  return [...sources].flatMap(([path, source]) => {
    const kept = isStored(source) && !(floats.has(path) && (as !== null || source.dtype !== 'f32'))
    return kept ? [] : [source]
  })
}
