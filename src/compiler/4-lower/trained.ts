import { adaptedAndTrained } from '../../diagnostics/catalogue/adapter.js'
import { idleWeights, mergedWeights } from '../../diagnostics/catalogue/onnx.js'
import { trainedFrozen, trainedTwice } from '../../diagnostics/catalogue/stage.js'
import { type Diagnostics, type Span, UserError } from '../../diagnostics/diagnostic.js'
import type { Optimizer } from '../../optimizers/optimizer.js'
import type { Expression, FreezeClause, ParameterPath, TrainClause } from '../1-parse/syntax.js'
import { layerKey } from '../3-elaborate/adapter.js'
import { fail } from '../3-elaborate/elaboration.js'
import { writtenPath } from '../3-elaborate/join-path.js'
import type { PlacedWeight } from '../3-elaborate/facts.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import { type Placed, attempt } from './clauses.js'
import type { ParameterGroup } from './lowered.js'
import { type Chosen, chooseOptimizer, groupSettings } from './optimizers.js'
import { checkNotNarrow } from './precision.js'
import { selectGroup } from './train-group.js'
import { selectParameters } from './train-paths.js'

export interface TrainedWeight extends PlacedWeight {
  readonly group: number
}

/** A group of `train` before the schedule is known. */
export type OptimizedGroup = Omit<ParameterGroup, 'schedule' | 'scheduleSettings'>

/** The weights beside which adapters stand that a stage trains, with the adapters' names. */
export function adaptedWeights(
  scope: PipelineScope,
  clauses: readonly Placed<TrainClause>[],
): ReadonlyMap<string, string> {
  const layers = clauses.flatMap(({ value: { groups }, file }) => {
    const env = scope.environment(file)
    return groups.flatMap(({ path }) => {
      const root = env.get(path.root.text)
      return root?.kind === 'adapter' ? root.adapter.layers : []
    })
  })
  return new Map(layers.map(({ weight, adapter }) => [layerKey(weight), adapter.name]))
}

/** What an update trains, and how; `beside`: the weights that it leaves to adapters. */
export function lowerTrain(
  scope: PipelineScope,
  {
    train,
    optimizer,
    beside,
  }: {
    readonly train: Placed<TrainClause>
    readonly optimizer: Placed<Expression>
    readonly beside: ReadonlyMap<string, string>
  },
  diagnostics: Diagnostics,
): { readonly trained: readonly TrainedWeight[]; readonly groups: readonly OptimizedGroup[] } {
  const x = scope.elaboration
  const chosen: Chosen<Optimizer> = chooseOptimizer(x, optimizer.value, scope.environment(optimizer.file))
  const env = scope.environment(train.file)
  const trained = new Map<string, TrainedWeight>()
  const groups: OptimizedGroup[] = []
  const entries: ReadonlySet<string>[] = []
  const idle: string[] = []
  for (const group of train.value.groups) {
    try {
      const named = selectGroup(x, group, env, scope.statics.pipeline)
      const live = named.filter(({ weight }) => weight.idle !== true)
      // where nothing else is named they are what is meant, and the loss does not reach them
      const chosenHere = live.length > 0 ? live : named
      if (live.length > 0)
        for (const { model, path, weight } of named) if (weight.idle) idle.push(writtenPath(model, path))
      const keys = new Set(chosenHere.map(({ model, path }) => `${model}.${path}`))
      const refined = refinedBy(keys, entries, group.span)
      for (const placed of chosenHere) {
        const { model, path, weight } = placed
        const key = `${model}.${path}`
        checkNotNarrow(x, placed, group.path)
        const adapter = beside.get(`${model}/${path}`)
        if (adapter !== undefined) return fail(adaptedAndTrained(group.span, { path: key, adapter }))
        trained.set(key, { model, path, weight, group: groups.length })
      }
      const base = refined === undefined ? undefined : groups[refined]
      groups.push({
        optimizer: chosen.definition.name,
        settings: groupSettings(x, base ? { ...chosen, settings: base.settings } : chosen, group, env),
        span: group.path.span,
      })
      entries.push(keys)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      diagnostics.add(error.diagnostic)
    }
  }
  const merged = [...trained.values()].flatMap(({ model, path, weight: { readers } }) =>
    readers ? [{ path: writtenPath(model, path), readers }] : [],
  )
  if (idle.length > 0) diagnostics.add(idleWeights(train.value.span, { idle }))
  if (merged.length > 0) diagnostics.add(mergedWeights(train.value.span, { merged }))
  return { trained: [...trained.values()], groups }
}

/**
 * The entry that one with these parameters refines, if any: the last that holds all of them and more. Another overlap
 * would leave open whose settings count.
 */
function refinedBy(
  keys: ReadonlySet<string>,
  entries: readonly ReadonlySet<string>[],
  span: Span,
): number | undefined {
  let refined: number | undefined
  for (const [k, entry] of entries.entries()) {
    const shared = [...keys].filter((key) => entry.has(key))
    const [path] = shared
    if (path === undefined) continue
    if (shared.length < keys.size || entry.size === keys.size) return fail(trainedTwice(span, { path }))
    refined = k
  }
  return refined
}

/** `freeze` asserts that its parameters are not among the trained ones. */
export function checkFrozen(
  scope: PipelineScope,
  { value: { paths }, file }: Placed<FreezeClause>,
  trained: readonly TrainedWeight[],
  groups: readonly OptimizedGroup[],
  diagnostics: Diagnostics,
): void {
  const byPath = new Map(trained.map((t) => [`${t.model}.${t.path}`, t]))
  const check = (path: ParameterPath): void => {
    const env = scope.environment(file)
    const { elaboration, statics } = scope
    for (const { model, path: at } of selectParameters(elaboration, path, env, statics.pipeline, 'freeze')) {
      const found = byPath.get(`${model}.${at}`)
      const group = found && groups[found.group]
      if (group?.span) fail(trainedFrozen(path.span, { path: `${model}.${at}`, trained: group.span }))
    }
  }
  for (const path of paths) attempt(diagnostics, () => check(path), undefined)
}
