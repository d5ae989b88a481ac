import { createWriteStream, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FunctionExport } from '../../artefact/exports.js'
import type { Manifest } from '../../artefact/manifest.js'
import { embed } from '../../artefact/embed.js'
import { type Binding, link } from '../../artefact/link.js'
import { readModel, writeModel } from '../../onnx/protobuf.js'
import { byteSize } from '../../graph/types.js'
import { adaptedLayers, mergedWeight } from '../merge.js'
import { partOf, writeWhole } from '../../durable.js'
import { readTensor } from '../../weights/safetensors.js'
import type { Weights } from '../weights.js'
import { naming } from '../../faults/system-fault.js'

/** Up to this size the weights stand in the ONNX file itself. */
const mostEmbedded = 16e6

const [modelName, dataName] = ['model.onnx', 'model.onnx.data']

/**
 * Writes a function as `model.onnx`, with the weights that it reads: adapters merged, averages where they are kept. Large
 * weights stand in `model.onnx.data` beside it.
 */
export async function exportFunction(
  spec: FunctionExport,
  graph: Uint8Array,
  {
    manifest,
    weights,
    folder,
  }: { readonly manifest: Manifest; readonly weights: Weights; readonly folder: string },
): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const adapted = new Map(manifest.models.map((model) => [model.name, adaptedLayers(manifest, model)]))
  const bytesOf = async ({
    name,
    model,
    path,
    ...type
  }: FunctionExport['parameters'][number]): Promise<Uint8Array> => {
    const found = adapted.get(model)?.get(path)
    const values = found
      ? await mergedWeight(found.adapter, found.layer, weights).then((w) => w.buffer)
      : await readTensor(weights.measured(model, path))
    if (values.byteLength !== byteSize(type))
      throw new Error(`export: ${name} has ${values.byteLength} bytes`)
    return new Uint8Array(values)
  }
  const file = join(folder, modelName)
  const size = spec.parameters.reduce((sum, p) => sum + byteSize(p), 0)
  if (size <= mostEmbedded) {
    const values = new Map<string, Uint8Array>()
    for (const parameter of spec.parameters) values.set(parameter.name, await bytesOf(parameter))
    return writeWhole(file, described(embed(graph, values), manifest))
  }
  const places = new Map<string, Binding>()
  let offset = 0
  for (const { name, dtype, shape } of spec.parameters) {
    const length = byteSize({ dtype, shape })
    places.set(name, { location: dataName, offset, length, dtype })
    offset += length
  }
  const data = join(folder, dataName)
  const part = partOf(data)
  await naming(part, () =>
    pipeline(Readable.from(inTurn(spec.parameters, bytesOf), { objectMode: false }), createWriteStream(part)),
  )
  renameSync(part, data)
  writeWhole(file, described(link(graph, places), manifest))
}

/** With what it was made from, which viewers show: nothing of it differs from run to run. */
function described(model: Uint8Array, { pipeline: name, hash, stages }: Manifest): Uint8Array {
  const read = readModel(model)
  const metadataProps = [
    ...(read.metadataProps ?? []),
    { key: 'pipeline', value: name },
    { key: 'manifest_hash', value: hash },
    ...stages.map((stage) => ({ key: `stage_hash/${stage.name}`, value: stage.hash })),
  ]
  return writeModel(Object.assign(read, { metadataProps }))
}

/** One at a time, so that no more than one is held. */
async function* inTurn<A, B>(items: readonly A[], make: (item: A) => Promise<B>): AsyncGenerator<B> {
  for (const item of items) yield await make(item)
}
