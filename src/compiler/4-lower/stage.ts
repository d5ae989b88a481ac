import {
  missingClause,
  sharedAverage,
  warmupWithoutEffect,
  withoutEffect,
} from '../../diagnostics/catalogue/stage.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import { parametersOf } from '../../graph/parameters.js'
import { valueClauses } from '../2-resolve/clauses.js'
import type { FlatStage } from '../2-resolve/flat-stage.js'
import type { AdapterState } from '../3-elaborate/facts.js'
import { stagePrecision } from '../3-elaborate/precision.js'
import type { Statics } from '../3-elaborate/statics.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import { type Clauses, type NumberOf, attempt, numberOf, positiveNumber, sortClauses } from './clauses.js'
import type { LoweredStage, LoweredUpdate, SharedState, StageValidation } from './lowered.js'
import { memoryBudget } from './memory-budget.js'
import { stageSafety } from './safety.js'
import { chooseSchedule } from './optimizers.js'
import { stepsOfEpochs } from './stage-length.js'
import { adaptedWeights } from './trained.js'
import { type UnscheduledUpdate, lowerUpdate, trainingUpdate, updateClauses } from './update.js'

/** A stage before it is known which evaluations there are. */
export interface TrainedStage {
  readonly stage: Omit<LoweredStage, keyof StageValidation>
  /** The batches that a step takes of each data set that objectives read. */
  readonly batches: ReadonlyMap<string, number>
}

/** One stage as a forward graph of what each of its updates minimizes; undefined where a mistake leaves it undone. */
export function lowerStage(
  statics: Statics,
  stage: FlatStage,
  adapters: ReadonlyMap<string, AdapterState>,
  diagnostics: Diagnostics,
): TrainedStage | undefined {
  const name = stage.name.text
  const { scope } = statics
  const x = scope.elaboration
  const clauses = sortClauses(stage.clauses, diagnostics)
  const { values, monitors } = clauses
  const number = numberOf(scope, clauses, diagnostics)
  if (!values.has('steps') && !values.has('epochs')) {
    const example = `${valueClauses.steps}\`, or \`${valueClauses.epochs}`
    diagnostics.add(missingClause(stage.name.span, { stage: name, update: null, clause: 'steps', example }))
  }
  const memory = attempt(diagnostics, () => memoryBudget(scope, stage), null)
  const given = values.get('precision')
  const precision = attempt(
    diagnostics,
    () => given && stagePrecision(x, given.value, scope.environment(given.file)),
    undefined,
  )

  const parts =
    stage.updates.length > 0
      ? stage.updates.map((u) => updateClauses(u.name.text, u.span, u.clauses, diagnostics))
      : [{ ...clauses, name: null, span: stage.name.span }]
  const beside = adaptedWeights(
    scope,
    parts.flatMap(({ train }) => train ?? []),
  )
  const training = parts.map((part) =>
    attempt(diagnostics, () => trainingUpdate(scope, part, { name, beside }, diagnostics), undefined),
  )
  const known = training.filter((t) => t !== undefined)
  if (known.length < parts.length) return undefined
  const changing = [
    ...new Map(known.flatMap(({ trained }) => trained.map((t) => [`${t.model}/${t.path}`, t]))).values(),
  ]
  const lowered = known.map((part, k) => {
    // Monitors tell how a round ends.
    const own = k === known.length - 1 ? monitors : []
    const round = { stage: name, memory, precision, adapters, changing, monitors: own }
    return attempt(diagnostics, () => lowerUpdate(scope, part, round, diagnostics), undefined)
  })
  const saveEvery = number('save_every', 'int', null)
  const made = lowered.filter((u) => u !== undefined)
  const last = made.at(-1)
  if (made.length < parts.length || !last) return undefined
  const batches = batchesOf(made)
  const steps = lengthOf(clauses, number, diagnostics, (count, span) =>
    stepsOfEpochs(x, { count, span, data: batches }),
  )
  const saved = values.get('save_every')
  if (saved && saveEvery !== null && saveEvery >= steps)
    diagnostics.add(withoutEffect(saved.value.span, { what: 'a checkpoint', every: saveEvery, steps }))
  const updates = withShared(made.map((one) => scheduled(scope, one, steps, diagnostics)))
  checkAverages(updates, diagnostics)
  const own = {
    name,
    span: stage.span,
    steps,
    saveEvery,
    ...stageSafety(scope, stage, clauses, diagnostics),
    updates,
    monitors: monitors.map(({ value: m, file }) => {
      const every = m.every ? positiveNumber(x, scope.environment(file), 'every', m.every, 'int') : 1
      if (m.every && every > steps)
        diagnostics.add(withoutEffect(m.every.span, { what: `monitor \`${m.name.text}\``, every, steps }))
      const statistic = last.shares.has(m.name.text) ? ('share' as const) : ('value' as const)
      return { name: m.name.text, every, statistic }
    }),
  }
  return { stage: own, batches }
}

/** `steps n`, or those of `epochs n`; of a stage whose length is not known nothing is complained about that it might never reach. */
function lengthOf(
  { values }: Clauses,
  number: NumberOf,
  diagnostics: Diagnostics,
  ofEpochs: (count: number, span: Span) => number,
): number {
  const unknown = Number.MAX_SAFE_INTEGER
  const clause = values.get('epochs')
  if (!clause) return number('steps', 'int', null) ?? unknown
  const count = number('epochs', 'float', null)
  return count === null ? unknown : attempt(diagnostics, () => ofEpochs(count, clause.value.span), unknown)
}

/** The batches that a step of a stage takes of each data set that objectives read. */
function batchesOf(updates: readonly UnscheduledUpdate[]): ReadonlyMap<string, number> {
  const taken = new Map<string, number>()
  for (const { update, data, batches } of updates)
    for (const name of data) taken.set(name, (taken.get(name) ?? 0) + update.times * batches)
  return taken
}

/** An update with its schedule, in a stage of so many steps. */
function scheduled(
  scope: PipelineScope,
  { update, groups, schedule }: UnscheduledUpdate,
  steps: number,
  diagnostics: Diagnostics,
): Omit<LoweredUpdate, 'shared'> {
  const executions = steps * update.times
  const env = schedule && scope.environment(schedule.file)
  const rate = schedule && env && chooseSchedule(scope.elaboration, schedule.value, env, executions)
  const warmup = rate?.settings['warmup']
  if (schedule && typeof warmup === 'number' && warmup >= executions)
    diagnostics.add(warmupWithoutEffect(schedule.value.span, { warmup, steps: executions }))
  return {
    ...update,
    groups: groups.map((group) => ({
      ...group,
      schedule: rate?.definition.name ?? 'constant',
      scheduleSettings: rate?.settings ?? {},
    })),
  }
}

const placeOf = ({ model, path }: { readonly model: string; readonly path: string }): string =>
  `${model}/${path}`

/** Updates with what each reads of parameters and states that only the others change. */
function withShared(updates: readonly Omit<LoweredUpdate, 'shared'>[]): readonly LoweredUpdate[] {
  if (updates.length === 1) return updates.map((update) => ({ ...update, shared: [] }))
  const trained = new Set(updates.flatMap((u) => u.trained.map(placeOf)))
  const carried = new Set(updates.flatMap((u) => u.states.map(placeOf)))
  return updates.map((update) => {
    const own = new Set([...update.trained, ...update.states].map(placeOf))
    const shared = new Map<string, SharedState>()
    for (const { source, type } of parametersOf(update.graph)) {
      const { model, path } = source
      const place = placeOf(source)
      if (own.has(place) || !(trained.has(place) || carried.has(place))) continue
      const kind = trained.has(place) ? 'parameter' : 'carried'
      shared.set(place, { state: { kind, model, path }, dtype: type.dtype, shape: type.shape })
    }
    return { ...update, shared: [...shared.values()] }
  })
}

/** An average of a parameter that another update trains too would leave out what that one does. */
function checkAverages(updates: readonly LoweredUpdate[], diagnostics: Diagnostics): void {
  for (const update of updates) {
    if (update.ema === null) continue
    for (const other of updates) {
      const twice =
        other !== update && update.trained.find((t) => other.trained.some((o) => placeOf(o) === placeOf(t)))
      if (!twice || update.name === null || other.name === null) continue
      const path = `${twice.model}.${twice.path}`
      diagnostics.add(sharedAverage(update.span, { path, update: update.name, other: other.name }))
      return
    }
  }
}
