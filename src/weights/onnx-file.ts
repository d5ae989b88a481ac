import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readFileSync } from '../disk.js'
import { rawBytes } from '../compiler/9-emit/raw.js'
import { readModel } from '../onnx/model.js'
import { openModel } from '../onnx/open.js'
import { tensorValues } from '../onnx/tensor.js'
import { DiskBinaryFiles } from '../runtime/binary-files.js'
import { openCache } from '../cache.js'
import { hashOf, stateOf } from './conversions.js'
import { openSafetensors, writeSafetensors } from './safetensors.js'
import type { StoredTensor, WeightTable } from './table.js'

/**
 * The places of an ONNX file's weights: in the file itself or in the data file beside it. Those that protobuf holds as
 * numbers are written once into the cache. Throws OnnxProblem.
 */
export async function openOnnxWeights(file: string, cache: string): Promise<WeightTable> {
  const folder = dirname(file)
  const opened = openModel(basename(file), new DiskBinaryFiles(folder))
  if (!opened) throw new Error(`no file ${file}`)
  const tensors = new Map<string, StoredTensor>()
  const typed = opened.weights.filter((w) => !w.place).map((w) => w.name)
  for (const { name, type, place } of opened.weights) {
    if (!place) continue
    const { path, offset, length } = place
    tensors.set(name, {
      name,
      dtype: type.dtype,
      shape: type.shape,
      file: join(folder, path),
      offset,
      length,
    })
  }
  if (typed.length > 0) {
    const name = `${basename(file, '.onnx')}.numbers.${hashOf(realpathSync(file), stateOf(file))}.safetensors`
    const converted = join(openCache(cache), name)
    if (!existsSync(converted)) await convert(file, typed, converted)
    for (const [name, tensor] of (await openSafetensors(converted)).tensors) tensors.set(name, tensor)
  }
  return { file, tensors }
}

async function convert(file: string, names: readonly string[], converted: string): Promise<void> {
  const { parameters } = readModel(readFileSync(file))
  const chosen = parameters.filter(({ name }) => names.includes(name))
  await writeSafetensors(
    converted,
    chosen.map((t) => ({
      name: t.name,
      dtype: t.type.dtype,
      shape: t.type.shape,
      content: rawBytes(tensorValues(t, () => new Uint8Array())),
    })),
    { format: 'pt' },
  )
}
