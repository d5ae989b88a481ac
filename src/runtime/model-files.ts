import { ModelFolders } from '../compiler/2-resolve/model-folders.js'
import type { ModelSpec } from '../artefact/models.js'
import { DiskBinaryFiles } from './binary-files.js'

/** The configurations and tokenizers of models that are not what they were when the pipeline was compiled. */
export function changedModelFiles(
  models: readonly Pick<ModelSpec, 'from' | 'files'>[],
  root: string,
): readonly string[] {
  const folders = new ModelFolders(new DiskBinaryFiles(root))
  return models.flatMap(({ from, files }) =>
    from === null
      ? []
      : files
          .filter(({ name, sha256 }) => folders.sha256(from, name) !== sha256)
          .map(({ name }) => `${from}/${name}`),
  )
}
