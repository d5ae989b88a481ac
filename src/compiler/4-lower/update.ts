import { noRows } from '../../diagnostics/catalogue/data.js'
import { missingClause } from '../../diagnostics/catalogue/stage.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import type { Output } from '../../graph/graph.js'
import { slice } from '../../graph/rewrite.js'
import type { NarrowFloat } from '../../graph/types.js'
import type { Expression, MonitorClause } from '../1-parse/syntax.js'
import { type ClauseName, valueClauses } from '../2-resolve/clauses.js'
import type { FlatClause } from '../2-resolve/flat-stage.js'
import { fail } from '../3-elaborate/elaboration.js'
import { Environment } from '../3-elaborate/environment.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import type { AdapterState } from '../3-elaborate/facts.js'
import type { Mistakes } from '../3-elaborate/mistakes.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import type { Val } from '../3-elaborate/values.js'
import { type Clauses, type Placed, type PlacedClause, numberOf, sortClauses } from './clauses.js'
import { proveCached } from './cached.js'
import { checkCoupling } from './coupling.js'
import { gradientOutputs, lossOutput } from './gradient-objective.js'
import { type LoweredUpdate, fullName } from './lowered.js'
import { trainedModels, withPrecision } from './precision.js'
import { carriedStates, chainCalls, nextOutputs, refuseCalls } from './states.js'
import { type OptimizedGroup, type TrainedWeight, checkFrozen, lowerTrain } from './trained.js'

const required: readonly ClauseName[] = ['minimize', 'optimizer']

/** An update of a stage by its clauses; a stage without updates is one, which has no name. */
export interface UpdateClauses extends Clauses {
  readonly name: string | null
  readonly span: Span
}

export const updateClauses = (
  name: string | null,
  span: Span,
  clauses: readonly FlatClause[],
  diagnostics: Diagnostics,
): UpdateClauses => ({ name, span, ...sortClauses(clauses, diagnostics) })

/** What an update trains, as far as its clauses alone say it. */
export interface TrainingUpdate {
  readonly clauses: UpdateClauses
  readonly times: number
  readonly trained: readonly TrainedWeight[]
  readonly groups: readonly OptimizedGroup[]
}

/** The trained parameters of an update; `beside`: weights that are left to adapters. */
export function trainingUpdate(
  scope: PipelineScope,
  clauses: UpdateClauses,
  stage: { readonly name: string; readonly beside: ReadonlyMap<string, string> },
  diagnostics: Diagnostics,
): TrainingUpdate {
  const { name: update, span, values, train, frozen } = clauses
  const missing = (clause: string, example: string) =>
    missingClause(span, { stage: stage.name, update, clause, example })
  for (const clause of required)
    if (!values.has(clause)) diagnostics.add(missing(clause, valueClauses[clause]))
  if (!train) return fail(missing('train', 'train model'))
  const optimizer = values.get('optimizer') ?? fail(missing('optimizer', valueClauses.optimizer))
  const times = numberOf(scope, clauses, diagnostics)('times', 'int', 1) ?? 1
  const { trained, groups } = lowerTrain(scope, { train, optimizer, beside: stage.beside }, diagnostics)
  if (frozen) checkFrozen(scope, frozen, trained, groups, diagnostics)
  return { clauses, times, trained, groups }
}

/** What the updates of a stage have in common. */
export interface RoundFacts extends Pick<LoweredUpdate, 'memory'> {
  readonly stage: string
  readonly precision: { readonly type: NarrowFloat } | undefined
  readonly adapters: ReadonlyMap<string, AdapterState>
  /** What all of them train. */
  readonly changing: readonly TrainedWeight[]
  /** Those that its graph records. */
  readonly monitors: readonly Placed<MonitorClause>[]
}

/** An update whose schedule waits until it is known how long its stage is. */
export interface UnscheduledUpdate {
  readonly update: Omit<LoweredUpdate, 'shared' | 'groups'>
  readonly groups: readonly OptimizedGroup[]
  readonly schedule: PlacedClause | undefined
  /** The data that the objective reads, and the batches that an execution takes of it. */
  readonly data: readonly string[]
  readonly batches: number
  /** The monitors that record a share. */
  readonly shares: ReadonlySet<string>
}

/** An update as the forward graph of what it minimizes, and of monitors. */
export function lowerUpdate(
  scope: PipelineScope,
  { clauses, times, trained, groups }: TrainingUpdate,
  round: RoundFacts,
  diagnostics: Diagnostics,
): UnscheduledUpdate {
  const { name, span, values } = clauses
  const { stage, precision, adapters, changing, monitors, memory } = round
  const label = fullName({ stage, name })
  const x = scope.elaboration
  const number = numberOf(scope, clauses, diagnostics)
  const minimize =
    values.get('minimize') ??
    fail(missingClause(span, { stage, update: name, clause: 'minimize', example: valueClauses.minimize }))
  const batches = number('accumulate', 'int', 1) ?? 1
  const splits = values.get('accumulate')
  // Exactly accumulated micro-batches are one batch, which is computed in parts.
  const isExact = splits?.exact === true && batches > 1
  const accumulate = isExact ? 1 : batches
  const chunk = number('chunk', 'int', null)
  const objective = { trained, accumulate, minimize, monitors }
  const facts = { trained, changing, adapters, batches: isExact ? batches : 1 }
  const { outputs, shares } = explained(x.mistakes, facts.batches, () =>
    x.during(facts, () => lowerOutputs(scope, objective)),
  )
  const whole = x.finish(label, outputs)
  if (isExact) refuseCalls(whole, minimize.value.span)
  for (const [data, read] of x.readsOf(whole)) {
    const declared = x.data.get(data)
    if (declared && declared.rows === undefined) diagnostics.add(noRows(declared.span, { data, stage, read }))
  }
  const objectives = outputs.filter(({ role }) => role?.kind !== 'monitor')
  const data = [...x.readsOf(slice(whole, objectives)).keys()]
  const exact = chainCalls(whole)
  const graph = precision
    ? withPrecision(exact, precision.type, trainedModels(x, changing), (model, path) =>
        x.isState(model, path),
      )
    : exact
  const changes = [...changing, ...carriedStates(graph)].map((w) => `${w.model}/${w.path}`)
  proveCached(x, graph, { name: label, span, changes: new Set(changes) })
  checkCoupling(graph, { stage: label, accumulate, span: minimize.value.span }, diagnostics)
  const update = {
    name,
    stage,
    span,
    graph,
    states: carriedStates(graph),
    trained: trained.map(({ model, path, weight, group }) => ({
      model,
      path,
      dtype: weight.type.dtype,
      shape: weight.type.shape,
      group,
    })),
    times,
    accumulate,
    exact: isExact && splits ? { count: batches, span: splits.span } : null,
    chunk: chunk === null ? null : { rows: chunk, span: values.get('chunk')?.value.span ?? span },
    memory,
    clipNorm: number('clip_norm', 'float', null),
    ema: number('ema', 'share', null),
    precision: precision?.type ?? null,
  }
  return { update, groups, schedule: values.get('schedule'), data, batches, shares }
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
