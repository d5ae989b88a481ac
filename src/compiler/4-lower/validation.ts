import { unmeasured, unknownMetric, withoutEffect } from '../../diagnostics/catalogue/stage.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { findEvaluationKind } from '../../evaluations/registry.js'
import { parametersOf } from '../../graph/parameters.js'
import type { Cadence, EvaluateItem, MetricPath } from '../1-parse/syntax.js'
import type { FlatStage } from '../2-resolve/flat-stage.js'
import { fail } from '../3-elaborate/elaboration.js'
import type { PipelineScope } from '../3-elaborate/pipeline-scope.js'
import { attempt, positiveNumber } from './clauses.js'
import {
  type LoweredEvaluation,
  type LoweredStage,
  type StageValidation,
  type WatchedMetric,
  partsOf,
  withoutReferences,
} from './lowered.js'
import type { TrainedStage } from './stage.js'
import { stepsOfEpochs } from './stage-length.js'

/** An evaluation, with the declaration that it is made of. */
export interface DeclaredEvaluation {
  readonly lowered: LoweredEvaluation
  readonly item: EvaluateItem
  readonly file: string
}

/** When evaluations run within a stage, which of its values it ends with, and when it ends early. */
export function stageValidation(
  scope: PipelineScope,
  flat: FlatStage,
  { stage, batches }: TrainedStage,
  evaluations: readonly DeclaredEvaluation[],
  diagnostics: Diagnostics,
): StageValidation {
  const changed = new Set(
    stage.updates.flatMap(({ trained, states }) =>
      [...trained, ...states].map(({ model, path }) => `${model}/${path}`),
    ),
  )
  const isMeasured = ({ lowered }: DeclaredEvaluation): boolean => reads(lowered, changed)
  const measures = evaluations.flatMap((evaluation) => {
    const { lowered, item, file } = evaluation
    const { every } = item
    if (!every || !isMeasured(evaluation)) return []
    const steps = attempt(diagnostics, () => cadence(scope, every, file, batches), undefined)
    return steps === undefined ? [] : [{ evaluation: lowered.name, every: steps }]
  })
  let keepLast: number | null = null
  let keepBest: WatchedMetric | null = null
  let stop: StageValidation['stop'] = null
  const watched = (path: MetricPath): WatchedMetric => {
    const found = metricOf(path, loweredOf(evaluations), loweredOf(evaluations.filter(isMeasured)))
    if (!measures.some(({ evaluation, every }) => evaluation === found.evaluation && every < stage.steps))
      fail(unmeasured(path.span, { stage: stage.name, evaluation: found.evaluation, steps: stage.steps }))
    return found
  }
  for (const { clause, file } of flat.clauses) {
    const env = scope.environment(file)
    const count = (name: string, e: Parameters<typeof positiveNumber>[3]): number =>
      positiveNumber(scope.elaboration, env, name, e, 'int')
    attempt(
      diagnostics,
      () => {
        if (clause.kind === 'keep' && clause.last) keepLast = count('keep last', clause.last)
        if (clause.kind === 'keep' && clause.best) keepBest = watched(clause.best)
        if (clause.kind === 'stop')
          stop = { ...watched(clause.metric), stalls: count('stalls', clause.stalls) }
      },
      undefined,
    )
  }
  return { measures, keepLast, keepBest, stop }
}

const loweredOf = (declared: readonly DeclaredEvaluation[]): readonly LoweredEvaluation[] =>
  declared.map(({ lowered }) => lowered)

/** Of evaluations whose cadence comes to nothing in any stage. */
export function checkCadences(
  stages: readonly LoweredStage[],
  evaluations: readonly DeclaredEvaluation[],
  diagnostics: Diagnostics,
): void {
  for (const { lowered, item } of evaluations) {
    const own = stages.flatMap(({ steps, measures }) =>
      measures.flatMap(({ evaluation, every }) => (evaluation === lowered.name ? [{ steps, every }] : [])),
    )
    const [longest] = own.toSorted((a, b) => b.steps - a.steps)
    if (item.every && longest && own.every(({ steps, every }) => every >= steps))
      diagnostics.add(withoutEffect(item.every.span, { what: `evaluation \`${lowered.name}\``, ...longest }))
  }
}

function cadence(
  scope: PipelineScope,
  { count, unit, span }: Cadence,
  file: string,
  batches: TrainedStage['batches'],
): number {
  const x = scope.elaboration
  const number = positiveNumber(x, scope.environment(file), 'every', count, unit ? 'float' : 'int')
  return unit ? stepsOfEpochs(x, { count: number, span, data: batches }) : number
}

const reads = (evaluation: LoweredEvaluation, changed: ReadonlySet<string>): boolean =>
  partsOf(withoutReferences(evaluation)).some(({ graph }) =>
    [...parametersOf(graph)].some(({ source: { model, path } }) => changed.has(`${model}/${path}`)),
  )

/**
 * The metric that a path names: `valid.accuracy`, the mean over data sets, or `valid.mnist.accuracy`, that of one. It is
 * of one of the evaluations that are `measured`. Throws UserError.
 */
export function metricOf(
  { evaluation: { text: name, span }, path, span: whole }: MetricPath,
  evaluations: readonly LoweredEvaluation[],
  measured: readonly LoweredEvaluation[],
): WatchedMetric {
  const found = evaluations.find((evaluation) => evaluation.name === name)
  const refuse = (at: Span, what: string, known: readonly string[]): never =>
    fail(unknownMetric(at, { what, suggestion: closest(at === span ? name : last, known), known }))
  const last = path.at(-1)?.text ?? ''
  const names = (list: readonly LoweredEvaluation[]): readonly string[] => list.map((e) => e.name)
  if (!found) return refuse(span, `there is no evaluation \`${name}\``, names(evaluations))
  if (!measured.includes(found))
    return refuse(span, `\`${name}\` measures nothing that the stage changes`, names(measured))
  const ranked = (findEvaluationKind(found.kind)?.metrics ?? []).filter((m) => m.better !== 'neither')
  const metric = ranked.find((m) => m.name === last)
  const cases = found.cases.flatMap((c) => (c.name === null ? [] : [c.name]))
  const [of, ...more] = path.slice(0, -1)
  if (more.length > 0 || (of && !cases.includes(of.text)))
    return refuse(of?.span ?? whole, `\`${name}\` has no part \`${of?.text ?? ''}\``, cases)
  if (!metric)
    return refuse(
      path.at(-1)?.span ?? whole,
      `\`${name}\` has no metric \`${last}\` of which one value is better than another`,
      ranked.map((m) => m.name),
    )
  const better = metric.better === 'lower' ? 'lower' : 'higher'
  return { evaluation: name, case: of?.text ?? null, metric: metric.name, better }
}
