import { memoryExceeded } from '../diagnostics/catalogue/stage.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { Draft } from '../graph/graph.js'
import { once } from '../once.js'
import type { Target } from '../targets/target.js'
import { type LoweredStage, type LoweredUpdate, fullName } from './4-lower/lowered.js'
import { optimizeForward } from './5-optimize/index.js'
import { splitCached } from './5-optimize/split-cached.js'
import { dropMarkers, expandGradients } from './6-differentiate/expand.js'
import { differentiate } from './6-differentiate/step.js'
import { optimizeFunction, optimizeUpdate } from './7-optimize/stage.js'
import { scheduleWithin } from './8-schedule/recompute/index.js'
import { kernelProblems } from './8-schedule/kernel-problems.js'
import { inOneRound } from './8-schedule/round.js'
import { type ScheduledUpdate, memoryOfUpdate, scheduleUpdate } from './8-schedule/schedule.js'
import { microBatchesOf } from './passes/accumulate-exact/problems.js'
import { chunkingOf, pairRowsOf } from './passes/chunk-pairs/problems.js'

/** A stage as it will run, what its budget of memory led to, and what is wrong with it. */
export interface BuiltStage {
  readonly lowered: LoweredStage
  readonly updates: readonly BuiltUpdate[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface BuiltUpdate {
  readonly scheduled: ScheduledUpdate
  readonly pairs: PairsChoice | null
  /** The same update without what it computes again for want of memory; null where it computes all once. */
  readonly once: ScheduledUpdate | null
}

/** How an update with `chunk` or `memory` computes its pairs. */
export interface PairsChoice {
  readonly rows: number
  /** How many rows at a time; null: all. */
  readonly chunk: number | null
  /** Why the pairs cannot be computed in chunks. */
  readonly refused: string | null
  /** The same update with all pairs at once. */
  readonly whole: () => ScheduledUpdate
}

/** Phases 5 to 8 of a stage. */
export function buildStage(stage: LoweredStage, target: Target): BuiltStage {
  const alone = stage.updates.map((update) => buildUpdate(update, target, budgetOf(update)))
  const together = inOneRound(alone.map(({ scheduled }) => scheduled))
  const built = alone.map((first, k) => {
    const [update, inRound] = [stage.updates[k], together[k]]
    if (!update || !inRound || alone.length === 1) return first
    // What the others hold leaves less to this one.
    const own = peakOf(first.scheduled)
    const left = budgetOf(update) - (peakOf(inRound) - own)
    return own <= left ? first : buildUpdate(update, target, left)
  })
  const round = inOneRound(built.map(({ scheduled }) => scheduled))
  const updates = round.map((scheduled, k) => ({ pairs: null, once: null, ...built[k], scheduled }))
  return {
    lowered: { ...stage, updates: round.map(({ lowered }) => lowered) },
    updates,
    diagnostics: updates.flatMap((update) => problemsOf(update, target)),
  }
}

const budgetOf = ({ memory }: LoweredUpdate): number => memory?.bytes ?? Infinity
const peakOf = (scheduled: ScheduledUpdate): number => memoryOfUpdate(scheduled).peak

/**
 * Where a run may take so many bytes, pairs are computed in the largest chunks of rows with which the predicted peak fits.
 * That takes no more operations; where it is not enough, results are computed again.
 */
function buildUpdate(update: LoweredUpdate, target: Target, bytes: number): BuiltUpdate {
  const whole = once(() => build(update, null, target))
  const rows = update.chunk || update.memory ? pairRowsOf(update.graph) : undefined
  let built = rows === undefined ? whole() : undefined
  for (const size of rows === undefined ? [] : sizesFor(update, rows)) {
    built = size === rows ? whole() : build(update, size, target)
    if (built.refused !== null || peakOf(built.scheduled) <= bytes) break
  }
  built ??= whole()
  const { refused, size } = built
  const chunk = refused === null ? size : null
  const pairs = rows === undefined ? null : { rows, chunk, refused, whole: () => whole().scheduled }
  if (peakOf(built.scheduled) <= bytes) return { scheduled: built.scheduled, pairs, once: null }
  const leaner = built.within(bytes)
  return peakOf(leaner) < peakOf(built.scheduled)
    ? { scheduled: leaner, pairs, once: built.scheduled }
    : { scheduled: built.scheduled, pairs, once: null }
}

function problemsOf({ scheduled, pairs }: BuiltUpdate, target: Target): readonly Diagnostic[] {
  const { lowered } = scheduled
  const all = [...Object.values(scheduled.graphs), ...scheduled.features]
  const graphs = all.flatMap((g) => g?.graph ?? [])
  return [...kernelProblems(graphs, target, lowered.span), ...exceeded(lowered, scheduled, pairs)]
}

/** What to try: the size that is asked for, or every one from all rows down. */
function sizesFor(update: LoweredUpdate, rows: number): readonly number[] {
  if (update.chunk) return [update.chunk.rows]
  return Array.from({ length: rows }, (_, k) => rows - k).filter((size) => rows % size === 0)
}

interface Attempt {
  readonly scheduled: ScheduledUpdate
  readonly size: number | null
  readonly refused: string | null
  /** The same, with results computed again so that a run takes at most so many bytes. */
  readonly within: (bytes: number) => ScheduledUpdate
}

function build(update: LoweredUpdate, size: number | null, target: Target): Attempt {
  const draft = new Draft()
  const split = splitCached(update.graph)
  const cut = { ...update, graph: split.graph }
  const microBatches = microBatchesOf(cut)
  const { graph, report } = optimizeForward(cut.graph, target, {
    draft,
    ...(size === null ? {} : { chunking: chunkingOf(cut, size) }),
    ...(microBatches ? { microBatches } : {}),
  })
  const [refusal] = report.flatMap(({ pass, refusals }) => (pass === 'chunk-pairs' ? refusals : []))
  const lowered =
    size === null || refusal
      ? { ...update, chunk: null }
      : { ...update, chunk: { rows: size, span: update.span } }
  const differentiated = differentiate({ ...lowered, graph }, target, draft)
  const optimized = optimizeUpdate(differentiated, target, { draft })
  const features = split.features.map((g) => optimizeFunction(dropMarkers(expandGradients(g)), target))
  const made = { ...optimized, features }
  return {
    scheduled: scheduleUpdate(lowered, made, target),
    size,
    refused: refusal?.reason ?? null,
    within: (bytes) => scheduleWithin(bytes, lowered, made, target),
  }
}

function exceeded(
  update: LoweredUpdate,
  scheduled: ScheduledUpdate,
  pairs: PairsChoice | null,
): readonly Diagnostic[] {
  if (!update.memory || peakOf(scheduled) <= update.memory.bytes) return []
  const more = !pairs
    ? ''
    : pairs.refused !== null
      ? `; its pairs cannot be computed in chunks: ${pairs.refused}`
      : `, and ${pairs.chunk ?? pairs.rows} of ${pairs.rows} rows of pairs at a time`
  const why = `that is with results computed again where it helps${more}`
  const peak = peakOf(scheduled)
  return [
    memoryExceeded(update.memory.span, { stage: fullName(update), budget: update.memory.bytes, peak, why }),
  ]
}
