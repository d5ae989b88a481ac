import { z } from 'zod'
import type { DataSpec } from '../artefact/data.js'
import type { Manifest } from '../artefact/manifest.js'
import type { ModelSpec } from '../artefact/models.js'
import type { Dataset, TensorValue } from './sources/dataset.js'
import { elementCount } from '../graph/types.js'
import { locate } from '../weights/find.js'
import { drawKey, uniform } from './draws.js'
import { type OpenData, withAll } from './fields.js'
import { onePart } from './rows/rows.js'

/**
 * What stands in for files that are not there, under `--weights random`: models that start from initial values, and
 * data sets of random rows. Part of the run's record, since such a run measures nothing.
 */
export const substitutesSchema = z.strictObject({
  weights: z.array(z.string()),
  data: z.array(z.string()),
})
export type Substitutes = z.infer<typeof substitutesSchema>

export const noSubstitutes: Substitutes = { weights: [], data: [] }

/** `random weights for clip, vae and random rows for cc3m`; undefined where nothing stands in. */
export function describeSubstitutes({ weights, data }: Substitutes): string | undefined {
  const parts = [
    ...(weights.length > 0 ? [`random weights for ${weights.join(', ')}`] : []),
    ...(data.length > 0 ? [`random rows for ${data.join(', ')}`] : []),
  ]
  return parts.length === 0 ? undefined : parts.join(' and ')
}

/** Whether nothing is where a model's weights should be. */
export const isAbsent = ({ from }: ModelSpec, root: string): boolean =>
  from !== null && locate(from, root) === undefined

/** The manifest with models that start from their initial values. */
export const withRandomWeights = (manifest: Manifest, names: readonly string[]): Manifest => ({
  ...manifest,
  models: manifest.models.map((model) => (names.includes(model.name) ? { ...model, from: null } : model)),
})

/** Rows of an evaluation's batch: enough for an epoch, few enough to be measured soon. */
const rows = 64

/** Random values of the types that a data set's fields are declared with: floats in [0, 1), ints and bools 0 or 1. */
export function randomData(spec: DataSpec, seed: number): OpenData {
  const values = (index: number): Record<string, TensorValue> =>
    Object.fromEntries(spec.fields.map((field) => [field.name, randomField(spec.name, field, seed, index)]))
  const dataset: Dataset = { length: rows, fingerprint: `random rows, seed ${seed}`, row: values }
  return {
    spec,
    ...withAll(onePart(dataset)),
    fields: async ({ id }, names) => {
      const row = values(Number(id))
      return names.map((name) => {
        const value = row[name]
        if (value === undefined) throw new Error(`no field ${name}`)
        return value
      })
    },
  }
}

function randomField(
  data: string,
  { name, dtype, shape }: DataSpec['fields'][number],
  seed: number,
  index: number,
): TensorValue {
  const values = new Float32Array(elementCount(shape))
  uniform(values, [1, ...shape], { key: drawKey(seed, 'random', data, name), step: index, micro: 0 }, 0, 1)
  switch (dtype) {
    case 'f32':
      return values
    case 'i64':
      return BigInt64Array.from(values, (v) => (v < 0.5 ? 0n : 1n))
    case 'u8':
      return Uint8Array.from(values, (v) => Math.floor(v * 256))
    case 'bool':
      return Uint8Array.from(values, (v) => (v < 0.5 ? 0 : 1))
    default:
      throw new Error(`a data field of type ${dtype}`)
  }
}
