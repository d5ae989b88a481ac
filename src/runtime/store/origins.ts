import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Manifest } from '../../artefact/manifest.js'
import type { ModelSpec } from '../../artefact/models.js'
import { contentCache } from '../../cache.js'
import { contentOf } from '../../weights/content.js'
import { findWeights } from '../../weights/find.js'
import { partsOfIndex } from '../../weights/index-file.js'
import { peftFiles } from '../exports/peft-names.js'

/** What the models of a run start from, by name: hashes of the contents of their files, in order; none: initial values. */
export type Origins = ReadonlyMap<string, readonly string[]>

/** Reads the content of all weights that a pipeline names; undefined for a model whose files are not there. */
export async function originsOf(
  { models, adapters }: Pick<Manifest, 'models' | 'adapters'>,
  root: string,
): Promise<ReadonlyMap<string, readonly string[] | undefined>> {
  const found = new Map<string, readonly string[] | undefined>()
  for (const model of models) {
    const files = await filesOf(
      model,
      adapters.some(({ name }) => name === model.name),
      root,
    )
    found.set(
      model.name,
      files && (await Promise.all(files.map((file) => contentOf(file, contentCache(root))))),
    )
  }
  return found
}

async function filesOf(
  { from }: ModelSpec,
  isAdapter: boolean,
  root: string,
): Promise<readonly string[] | undefined> {
  if (from === null) return []
  if (isAdapter) {
    const weights = [peftFiles.weights, peftFiles.torch].map((name) => join(resolve(root, from), name))
    const file = weights.find((path) => existsSync(path))
    return file === undefined ? undefined : [file]
  }
  const place = findWeights(from, root)
  if (place.kind === 'missing') return undefined
  const { file, format } = place
  const isIndex = format === 'safetensors-index' || format === 'torch-index'
  return isIndex ? [file, ...(await partsOfIndex(file))] : [file]
}
