import { parametersOf } from '../../graph/parameters.js'
import { type DType, type NarrowFloat, bytesPerElement, elementCount } from '../../graph/types.js'
import type { Target } from '../../targets/target.js'
import type { BuiltStage } from '../build-stage.js'
import type { Lowered } from '../4-lower/lowered.js'
import type { ModelSpec } from '../../artefact/models.js'

/** Weights that a run rounds into a file, which later runs find again. */
export interface ConversionPlan {
  readonly model: string
  readonly from: string | null
  readonly as: NarrowFloat
  /** The stage whose `precision` asks for it; null: `as` of the model. */
  readonly stage: string | null
  readonly tensors: number
  readonly elements: number
  /** Of the converted file: the rounded values in the type that the graphs compute in. */
  readonly bytes: number
}

/** What is converted before the first stage, and before stages with `precision`. */
export function planConversions(
  { models }: Lowered,
  stages: readonly BuiltStage[],
  { precision: { held } }: Target,
): readonly ConversionPlan[] {
  const byName = new Map(models.map((model) => [model.name, model]))
  const declared = models.flatMap((m) => (m.as && m.from !== null ? [conversion(m, m.as, null, held)] : []))
  const asked = stages.flatMap(({ lowered, updates }) => {
    const graphs = updates.flatMap(({ scheduled }) => Object.values(scheduled.graphs))
    const read = graphs.flatMap((g) => (g ? [...parametersOf(g.graph)] : []))
    const found = new Map(
      read.flatMap(({ source: { model, as } }): [string, ConversionPlan][] => {
        const spec = byName.get(model)
        return as && spec?.as === null ? [[model, conversion(spec, as, lowered.name, held)]] : []
      }),
    )
    return [...found.values()]
  })
  return [...declared, ...asked]
}

function conversion(model: ModelSpec, as: NarrowFloat, stage: string | null, held: DType): ConversionPlan {
  const converted = model.parameters.filter(({ dtype }) => dtype === 'f32')
  const elements = converted.reduce((sum, { shape }) => sum + elementCount(shape), 0)
  const { name, from } = model
  const bytes = elements * bytesPerElement[held]
  return { model: name, from, as, stage, tensors: converted.length, elements, bytes }
}
