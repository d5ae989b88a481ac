import { type DataSpec, sourceOf } from '../artefact/data.js'
import type { ModelSpec } from '../artefact/models.js'
import type { Needs } from '../compiler/needs.js'
import { byteSize, elementCount } from '../graph/types.js'
import { openSource } from '../runtime/open-data.js'
import { type Cause, causesOf } from '../runtime/causes.js'
import { DataMissing } from '../runtime/sources/dataset.js'
import { type Published, findPublished } from '../runtime/published.js'
import { isAbsent } from '../runtime/substitutes.js'

export interface MissingWeights {
  /** The folder or id that `from` names; those of one published model are told together. */
  readonly from: readonly string[]
  readonly models: readonly string[]
  readonly published: Published | undefined
  readonly parameters: number
  /** Of the parameters as they are declared; a file may hold them in another type. */
  readonly bytes: number
}

export interface MissingData extends Cause {
  /** Bytes of the fields of one row of each declaration, as a batch holds them. */
  readonly rowBytes: readonly number[]
}

export interface Missing {
  readonly weights: readonly MissingWeights[]
  readonly data: readonly MissingData[]
}

/** Which files of a pipeline are not there; undefined where all are. */
export async function findMissing(
  { models, data }: Pick<Needs, 'models' | 'data'>,
  root: string,
): Promise<Missing | undefined> {
  const weights = missingWeights(models.filter((model) => isAbsent(model, root)))
  const missing = { weights, data: await missingData(data, root) }
  return weights.length + missing.data.length === 0 ? undefined : missing
}

function missingWeights(models: readonly ModelSpec[]): readonly MissingWeights[] {
  const groups = new Map<string, ModelSpec[]>()
  for (const model of models) {
    const key = findPublished(model.from ?? '')?.id ?? model.from ?? ''
    groups.set(key, [...(groups.get(key) ?? []), model])
  }
  return [...groups.values()].map((group) => {
    const parameters = group.flatMap((model) => model.parameters)
    const from = group.map((model) => model.from ?? '')
    return {
      from,
      models: group.map(({ name }) => name),
      published: findPublished(from[0] ?? ''),
      parameters: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
      bytes: parameters.reduce((sum, p) => sum + byteSize(p), 0),
    }
  })
}

async function missingData(specs: readonly DataSpec[], root: string): Promise<readonly MissingData[]> {
  const errors = await Promise.all(specs.map((spec) => missingOf(spec, root)))
  const rowBytes = new Map(
    specs.map(({ name, fields }) => [name, fields.reduce((n, f) => n + byteSize(f), 0)]),
  )
  return causesOf(errors.flat()).map((cause) => ({
    ...cause,
    rowBytes: cause.data.map((name) => rowBytes.get(name) ?? 0),
  }))
}

async function missingOf(
  { name, parts }: DataSpec,
  root: string,
): Promise<readonly { readonly data: string; readonly error: DataMissing }[]> {
  try {
    for (const { rows } of parts) await openSource(sourceOf(rows), root)
    return []
  } catch (error) {
    // What is there and wrong is told by the run.
    return error instanceof DataMissing ? [{ data: name, error }] : []
  }
}
