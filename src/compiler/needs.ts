import { Diagnostics } from '../diagnostics/diagnostic.js'
import type { Request } from './analyze.js'
import { flatten } from './2-resolve/flatten.js'
import { loadProgram } from './2-resolve/program.js'
import { factorsOf } from './4-lower/adapters.js'
import { checkStatics } from './3-elaborate/check.js'
import type { DataSpec } from '../artefact/data.js'
import type { ModelSpec } from '../artefact/models.js'

/** What a pipeline reads from files. */
export interface Needs {
  readonly pipeline: string
  readonly models: readonly ModelSpec[]
  readonly data: readonly DataSpec[]
  /** By data set, the pictures that cross to the graph as bytes and are floats there, as they are declared. */
  readonly floats: ReadonlyMap<string, ReadonlySet<string>>
}

/**
 * The models and data sets of a pipeline, before anything is computed of them: quick for models of any size.
 * Undefined where something is wrong, which the compiler will tell.
 */
export function needs({ entry, pipeline: name, files, settings }: Request): Needs | undefined {
  const diagnostics = new Diagnostics()
  const program = loadProgram(entry, files, diagnostics)
  const pipeline = diagnostics.hasErrors ? undefined : flatten(program, name, diagnostics)
  if (!pipeline || diagnostics.hasErrors) return undefined
  const { statics } = checkStatics(program, pipeline, settings ?? new Map(), diagnostics)
  if (diagnostics.hasErrors) return undefined
  const models = [...pipeline.items.values()].flatMap(({ item, file }) =>
    item.kind === 'model'
      ? [statics.modelSpec(item, file)]
      : item.kind === 'state'
        ? [statics.stateSpec(item, file)]
        : item.kind === 'adapter'
          ? [factorsOf(statics.adapter(item, file))]
          : [],
  )
  const data = [...statics.data.values()]
  return {
    pipeline: pipeline.name,
    models,
    data: data.map(({ spec }) => spec),
    floats: new Map(data.map(({ spec, pictures }) => [spec.name, pictures])),
  }
}
