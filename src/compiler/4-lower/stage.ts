import { adaptedAndTrained } from '../../diagnostics/catalogue/adapter.js'
import { noRows } from '../../diagnostics/catalogue/data.js'
import {
  badValue,
  duplicateClause,
  missingClause,
  trainedFrozen,
  trainedTwice,
  twoLengths,
  warmupWithoutEffect,
  withoutEffect,
} from '../../diagnostics/catalogue/stage.js'
import { type Diagnostic, type Diagnostics, type Span, UserError } from '../../diagnostics/diagnostic.js'
import type { Output } from '../../graph/graph.js'
import type {
  Expression,
  FreezeClause,
  MonitorClause,
  ParameterPath,
  StageClause,
  TrainClause,
} from '../1-parse/syntax.js'
import { type ClauseName, valueClauses } from '../2-resolve/clauses.js'
import { type FlatStage, clauseKey } from '../2-resolve/flatten.js'
import { layerKey } from '../3-elaborate/adapter.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import { Environment } from '../3-elaborate/environment.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import type { Mistakes } from '../3-elaborate/mistakes.js'
import { stagePrecision } from '../3-elaborate/precision.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import type { Statics } from '../3-elaborate/statics.js'
import { type Val, describe } from '../3-elaborate/values.js'
import type { AdapterState, PlacedWeight } from '../3-elaborate/facts.js'
import { gradientOutputs, lossOutput } from './gradient-objective.js'
import type { LoweredStage, ParameterGroup } from './lowered.js'
import { type Chosen, chooseOptimizer, chooseSchedule, groupSettings } from './optimizers.js'
import { carriedStates, chainCalls, nextOutputs, refuseCalls } from './states.js'
import { selectGroup } from './train-group.js'
import { selectParameters } from './train-paths.js'
import type { Optimizer } from '../../optimizers/optimizer.js'
import type { Schedule } from '../../schedules/schedule.js'
import { checkCoupling } from './coupling.js'
import { memoryBudget } from './memory-budget.js'
import { stepsOfEpochs } from './stage-length.js'
import { checkNotNarrow, trainedModels, withPrecision } from './precision.js'

const required: readonly ClauseName[] = ['minimize', 'optimizer']

/** The weights beside which adapters stand that the stage trains, with the adapters' names. */
function adaptedWeights({ groups }: TrainClause, env: Environment): ReadonlyMap<string, string> {
  const layers = groups.flatMap(({ path }) => {
    const root = env.get(path.root.text)
    return root?.kind === 'adapter' ? root.adapter.layers : []
  })
  return new Map(layers.map(({ weight, adapter }) => [layerKey(weight), adapter.name]))
}

/** What a mistake leaves undone must not hide the mistakes behind it. */
function attempt<T>(diagnostics: Diagnostics, run: () => T, otherwise: T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    diagnostics.add(error.diagnostic)
    return otherwise
  }
}

interface TrainedWeight extends PlacedWeight {
  readonly group: number
}

/** A group of `train` before the stage's schedule is known. */
type OptimizedGroup = Omit<ParameterGroup, 'schedule' | 'scheduleSettings'>

interface Placed<T> {
  readonly value: T
  readonly file: string
}

/** A clause that holds a value. */
interface PlacedClause extends Placed<Expression> {
  readonly span: Span
  /** Of `accumulate`. */
  readonly exact: boolean
}

/** One stage as a forward graph of what it minimizes and monitors. */
export function lowerStage(
  statics: Statics,
  stage: FlatStage,
  adapters: ReadonlyMap<string, AdapterState>,
  diagnostics: Diagnostics,
): LoweredStage {
  const { values, train, frozen, monitors } = sortClauses(stage, diagnostics)
  const name = stage.name.text
  const { scope } = statics
  const x = scope.elaboration
  const missing = (clause: string, example: string): Diagnostic =>
    missingClause(stage.name.span, { stage: name, clause, example })
  const need = (clause: ClauseName): PlacedClause =>
    values.get(clause) ?? fail(missing(clause, valueClauses[clause]))
  for (const clause of required)
    if (!values.has(clause)) diagnostics.add(missing(clause, valueClauses[clause]))
  if (!values.has('steps') && !values.has('epochs'))
    diagnostics.add(missing('steps', `${valueClauses.steps}\`, or \`${valueClauses.epochs}`))
  if (!train) return fail(missing('train', 'train model'))
  const number = (clause: ClauseName, wanted: Wanted, otherwise: number | null): number | null => {
    const given = values.get(clause)
    if (!given) return otherwise
    return attempt(
      diagnostics,
      () => positiveNumber(x, scope.environment(given.file), clause, given.value, wanted),
      otherwise,
    )
  }
  const batches = number('accumulate', 'int', 1) ?? 1
  const splits = values.get('accumulate')
  // Exactly accumulated micro-batches are one batch, which is computed in parts.
  const isExact = splits?.exact === true && batches > 1
  const accumulate = isExact ? 1 : batches
  const chunk = number('chunk', 'int', null)
  const memory = attempt(diagnostics, () => memoryBudget(scope, stage), null)
  const saveEvery = number('save_every', 'int', null)
  const clipNorm = number('clip_norm', 'float', null)
  const ema = number('ema', 'share', null)
  const given = values.get('precision')
  const precision = attempt(
    diagnostics,
    () => given && stagePrecision(x, given.value, scope.environment(given.file)),
    undefined,
  )
  const { trained, groups } = lowerTrain(x, scope, train, need('optimizer'), diagnostics)
  if (frozen) checkFrozen(scope, frozen, trained, groups, diagnostics)

  const minimize = need('minimize')
  const objective = { trained, accumulate, minimize, monitors }
  const { outputs, shares } = explained(x.mistakes, isExact ? batches : 1, () =>
    x.during({ trained, adapters, batches: isExact ? batches : 1 }, () => lowerOutputs(scope, objective)),
  )
  const whole = x.finish(name, outputs)
  if (isExact) refuseCalls(whole, minimize.value.span)
  for (const [data, span] of x.readsOf(whole)) {
    const declared = x.data.get(data)
    if (declared && declared.rows === undefined)
      diagnostics.add(noRows(declared.span, { data, stage: name, read: span }))
  }
  const read = x
    .readsOf(
      x.finish(
        name,
        outputs.filter(({ role }) => role?.kind !== 'monitor'),
      ),
    )
    .keys()
  const steps = lengthOf(values, number, diagnostics, (count, span) =>
    stepsOfEpochs(x, { count, span, data: read, batches }),
  )
  const saved = values.get('save_every')
  if (saved && saveEvery !== null && saveEvery >= steps)
    diagnostics.add(withoutEffect(saved.value.span, { what: 'a checkpoint', every: saveEvery, steps }))
  const schedule = values.get('schedule')
  const rate = schedule && scheduleFor(x, scope, schedule, steps, diagnostics)
  const exact = chainCalls(whole)
  const graph = precision
    ? withPrecision(exact, precision.type, trainedModels(x, trained), (model, path) => x.isState(model, path))
    : exact
  checkCoupling(graph, { stage: name, accumulate, span: minimize.value.span }, diagnostics)
  return {
    name,
    span: stage.span,
    graph,
    states: carriedStates(graph),
    trained: trained.map(({ model, path, weight, group }) => ({
      model,
      path,
      dtype: weight.type.dtype,
      shape: weight.type.shape,
      group,
    })),
    groups: groups.map((group) => ({
      ...group,
      schedule: rate?.definition.name ?? 'constant',
      scheduleSettings: rate?.settings ?? {},
    })),
    steps,
    accumulate,
    exact: isExact && splits ? { count: batches, span: splits.span } : null,
    chunk: chunk === null ? null : { rows: chunk, span: values.get('chunk')?.value.span ?? stage.span },
    memory,
    saveEvery,
    clipNorm,
    ema,
    precision: precision?.type ?? null,
    monitors: monitors.map(({ value: m, file }) => {
      const every = m.every ? positiveNumber(x, scope.environment(file), 'every', m.every, 'int') : 1
      if (m.every && every > steps)
        diagnostics.add(withoutEffect(m.every.span, { what: `monitor \`${m.name.text}\``, every, steps }))
      return { name: m.name.text, every, statistic: shares.has(m.name.text) ? 'share' : 'value' }
    }),
  }
}

/** `steps n`, or those of `epochs n`; of a stage whose length is not known nothing is complained about that it might never reach. */
function lengthOf(
  values: ReadonlyMap<string, PlacedClause>,
  number: (clause: ClauseName, wanted: Wanted, otherwise: null) => number | null,
  diagnostics: Diagnostics,
  ofEpochs: (count: number, span: Span) => number,
): number {
  const unknown = Number.MAX_SAFE_INTEGER
  const clause = values.get('epochs')
  if (!clause) return number('steps', 'int', null) ?? unknown
  const count = number('epochs', 'float', null)
  return count === null ? unknown : attempt(diagnostics, () => ofEpochs(count, clause.value.span), unknown)
}

/** The schedule of a stage that has so many steps. */
function scheduleFor(
  x: Elaboration,
  scope: PipelineScope,
  { value, file }: PlacedClause,
  steps: number,
  diagnostics: Diagnostics,
): Chosen<Schedule> {
  const rate = chooseSchedule(x, value, scope.environment(file), steps)
  const warmup = rate.settings['warmup']
  if (typeof warmup === 'number' && warmup >= steps)
    diagnostics.add(warmupWithoutEffect(value.span, { warmup, steps }))
  return rate
}

/** What is wrong with shapes where data gives more rows than it declares is told with the reason. */
function explained<T>(mistakes: Mistakes, batches: number, run: () => T): T {
  if (batches === 1) return run()
  const why = `with \`accumulate ${batches} exact\` data gives ${batches} times its rows; a \`param\` by which it takes \`rows\` means as many`
  return mistakes.because(why, run)
}

/**
 * What a stage minimizes and monitors, and the next values of the states that the objective needs. Its draws are named
 * from `@minimize` and `@monitor/...`: no value is named so.
 */
function lowerOutputs(
  scope: PipelineScope,
  stage: {
    readonly trained: readonly TrainedWeight[]
    readonly accumulate: number
    readonly minimize: Placed<Expression>
    readonly monitors: readonly Placed<MonitorClause>[]
  },
): { readonly outputs: readonly Output[]; readonly shares: ReadonlySet<string> } {
  const x = scope.elaboration
  const shares = new Set<string>()
  const evaluated = (root: string, { value, file }: Placed<Expression>): Val =>
    x.states.at(scope.orderOf(`@${root}`), () =>
      x.drawPath.root(`@${root}`, () => evaluate(x, value, new Environment(scope.environment(file)))),
    )
  const { value: objective } = stage.minimize
  const minimized = (): readonly Output[] => {
    const value = evaluated('minimize', stage.minimize)
    const outputs =
      value.kind === 'gradient'
        ? [...gradientOutputs(x, value, { ...stage, span: objective.span })]
        : [lossOutput(scope.scalar(value, objective, '`minimize`'))]
    return [...outputs, ...nextOutputs(scope, outputs)]
  }
  const monitored = ({ value: monitor, file }: Placed<MonitorClause>): Output => {
    const { text } = monitor.name
    const name = `monitor/${text}`
    const role = { kind: 'monitor', name: text } as const
    const value = evaluated(name, { value: monitor.value, file })
    if (value.kind === 'share') {
      shares.add(text)
      return { name, role, value: x.build(monitor.value.span, (b) => b.cast(value.condition, 'f32')) }
    }
    return { name, role, value: scope.scalar(value, monitor.value, `monitor \`${text}\``) }
  }
  const parts = [minimized, ...stage.monitors.map((m) => () => [monitored(m)])]
  const outputs = x.mistakes.each(parts, (part) => part()).flat()
  return { outputs, shares }
}

function sortClauses(
  stage: FlatStage,
  diagnostics: Diagnostics,
): {
  values: ReadonlyMap<string, PlacedClause>
  train: Placed<TrainClause> | undefined
  frozen: Placed<FreezeClause> | undefined
  monitors: readonly Placed<MonitorClause>[]
} {
  const values = new Map<string, PlacedClause>()
  const monitors: Placed<MonitorClause>[] = []
  let train: Placed<TrainClause> | undefined
  let frozen: Placed<FreezeClause> | undefined
  const seen = new Map<string, StageClause>()
  for (const { clause, file } of stage.clauses) {
    const key = clauseKey(clause)
    const first = seen.get(key)
    if (!first) seen.set(key, clause)
    else if (clause.kind === 'clause' && first.kind === 'clause' && clause.name.text !== first.name.text) {
      diagnostics.add(twoLengths(clause.span, { first: first.span }))
      continue
    } else diagnostics.add(duplicateClause(clause.span, { name: key, first: first.span }))
    if (clause.kind === 'train') train = { value: clause, file }
    else if (clause.kind === 'freeze') frozen = { value: clause, file }
    else if (clause.kind === 'monitor') monitors.push({ value: clause, file })
    else if (clause.kind === 'clause')
      values.set(clause.name.text, {
        value: clause.value,
        file,
        span: clause.span,
        exact: clause.exact !== undefined,
      })
  }
  return { values, train, frozen, monitors }
}

/** What numbers a clause takes, in words and as a test. */
const ranges = {
  int: { words: 'an int of at least 1', fits: (n: number) => Number.isInteger(n) && n >= 1 },
  float: { words: 'a number above 0', fits: (n: number) => n > 0 },
  share: { words: 'a number between 0 and 1', fits: (n: number) => n > 0 && n < 1 },
} as const

type Wanted = keyof typeof ranges

function positiveNumber(
  x: Elaboration,
  env: Environment,
  name: string,
  e: Expression,
  wanted: Wanted,
): number {
  const value = evaluate(x, e, env)
  const { words, fits } = ranges[wanted]
  const number = value.kind === 'int' || (value.kind === 'float' && wanted !== 'int') ? value.value : NaN
  if (fits(number)) return number
  return fail(
    badValue(e.span, {
      name,
      wanted: words,
      got: describe(value),
    }),
  )
}

function lowerTrain(
  x: Elaboration,
  scope: PipelineScope,
  train: Placed<TrainClause>,
  optimizer: Placed<Expression>,
  diagnostics: Diagnostics,
): { trained: readonly TrainedWeight[]; groups: readonly OptimizedGroup[] } {
  const chosen: Chosen<Optimizer> = chooseOptimizer(x, optimizer.value, scope.environment(optimizer.file))
  const env = scope.environment(train.file)
  const beside = adaptedWeights(train.value, env)
  const trained = new Map<string, TrainedWeight>()
  const groups: OptimizedGroup[] = []
  const entries: ReadonlySet<string>[] = []
  for (const group of train.value.groups) {
    try {
      const chosenHere = selectGroup(x, group, env, scope.statics.pipeline)
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
function checkFrozen(
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
