import { join } from 'node:path'
import type { ModelSpec } from '../artefact/models.js'
import type { ConversionPlan } from '../compiler/plan/conversions.js'
import { bytes, count } from '../diagnostics/units.js'
import { bytesPerElement, elementCount } from '../graph/types.js'
import { OnnxProblem } from '../onnx/problem.js'
import { weightCache } from '../cache.js'
import { Conversions } from '../weights/conversions.js'
import { findWeights } from '../weights/find.js'
import { matchWeights } from '../weights/match.js'
import { openWeights } from '../weights/open.js'
import { keyed } from '../weights/keyed.js'
import { type SourceTensor, stripped } from '../weights/table.js'
import { toConvert } from '../weights/to-convert.js'
import { WeightsError } from '../weights/weights-error.js'

/** What a run converts of a model's weight files before its first step. */
export interface FileConversion {
  readonly model: string
  /** The types that the files hold. */
  readonly from: readonly string[]
  readonly tensors: number
  readonly elements: number
  /** Whether an earlier run has done it. */
  readonly done: boolean
}

/** Of the weights that are there. What is wrong with them is for the run to tell; only headers are read. */
export async function fileConversions(
  models: readonly ModelSpec[],
  root: string,
): Promise<readonly FileConversion[]> {
  const conversions = new Conversions({ cache: weightCache(root), run: join(root, 'runs') })
  const found: FileConversion[] = []
  for (const model of models) {
    const tensors = toConvert(model, await sourcesOf(model, root))
    if (tensors.length === 0) continue
    found.push({
      model: model.name,
      from: [...new Set(tensors.map(({ dtype }) => dtype))].sort(),
      tensors: tensors.length,
      elements: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
      done: conversions.has(tensors, model.as),
    })
  }
  return found
}

/** One line for each model whose weights are converted; empty where none are. */
export function describeConversions(
  planned: readonly ConversionPlan[],
  files: readonly FileConversion[],
): readonly string[] {
  const row = (model: string, elements: number, tensors: number, what: readonly string[]): string =>
    `  ${model.padEnd(12)} ${count(elements)} parameters (${tensors} tensors) ${what.filter((w) => w !== '').join(', ')}`
  const asked = planned.map(({ model, stage, as, tensors, elements, bytes: size }) => {
    const file = stage === null ? files.find((f) => f.model === model) : undefined
    const to = `${file ? `${file.from.join(', ')} ` : ''}to ${as}, ${bytes(size)} in f32`
    const read = stage === null ? '' : `read by stage ${stage}`
    return row(model, elements, tensors, [to, read, file?.done ? 'done' : ''])
  })
  const widened = files
    .filter(({ model }) => !planned.some((p) => p.stage === null && p.model === model))
    .map(({ model, from, tensors, elements, done }) => {
      const to = `${from.join(', ')} to f32, ${bytes(elements * bytesPerElement.f32)}`
      return row(model, elements, tensors, [to, done ? 'done' : ''])
    })
  const rows = [...asked, ...widened]
  return rows.length === 0 ? [] : ['weights converted once, into files that later runs read', ...rows]
}

async function sourcesOf(
  { from, parameters, strip, keys, ignore }: ModelSpec,
  root: string,
): Promise<ReadonlyMap<string, SourceTensor>> {
  try {
    const place = from === null ? undefined : findWeights(from, root)
    // numbers that protobuf holds would have to be written to be read
    if (place?.kind !== 'found' || place.format === 'onnx') return new Map()
    const table = await openWeights(place, weightCache(root))
    const bare = (strip && stripped(table, strip)) || table
    const paths = parameters.map(({ path }) => path)
    return matchWeights(keys ? keyed(bare, paths, keys) : bare, parameters, ignore).found
  } catch (error) {
    if (error instanceof WeightsError || error instanceof OnnxProblem) return new Map()
    throw error
  }
}
