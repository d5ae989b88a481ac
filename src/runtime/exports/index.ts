import type { ExportSpec } from '../../artefact/exports.js'
import type { Artefact } from '../../artefact/manifest.js'
import { emptyTable } from '../../json/table.js'
import type { TrainContext } from '../train-context.js'
import type { Weights } from '../weights.js'
import { exportFunction } from './function.js'
import { exportModel } from './model.js'
import { exportAdapter } from './peft.js'

/** Writes all exports of a pipeline into the folder of its run; gives the folder of each. */
export async function writeExports(
  { artefact, weights, folder, emit }: Pick<TrainContext, 'artefact' | 'weights' | 'folder' | 'emit'>,
  root: string,
): Promise<Record<string, string>> {
  const exported = emptyTable<string>()
  for (const spec of artefact.manifest.exports) {
    const directory = folder.path('export', spec.name)
    await writeExport(spec, artefact, weights, { root, folder: directory })
    exported[spec.name] = directory
    emit({ kind: 'exported', name: spec.name, folder: directory })
  }
  return exported
}

/** Writes one of a pipeline's exports into a folder. */
async function writeExport(
  spec: ExportSpec,
  { manifest, files }: Artefact,
  weights: Weights,
  { root, folder }: { readonly root: string; readonly folder: string },
): Promise<void> {
  switch (spec.kind) {
    case 'model': {
      const model = manifest.models.find(({ name }) => name === spec.name)
      if (!model) throw new Error(`no model ${spec.name} to export`)
      return exportModel(manifest, model, weights, { root, folder })
    }
    case 'adapter': {
      const adapter = manifest.adapters.find(({ name }) => name === spec.name)
      if (!adapter) throw new Error(`no adapter ${spec.name} to export`)
      return exportAdapter(manifest, adapter, weights, folder)
    }
    case 'function': {
      const graph = files.get(spec.file)
      if (!graph) throw new Error(`no file ${spec.file}`)
      return exportFunction(spec, graph, { manifest, weights, folder })
    }
  }
}
