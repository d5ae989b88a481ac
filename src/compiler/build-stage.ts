import { memoryExceeded } from '../diagnostics/catalogue/stage.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { Draft } from '../graph/graph.js'
import type { Target } from '../targets/target.js'
import type { LoweredStage } from './4-lower/lowered.js'
import { optimizeForward } from './5-optimize/index.js'
import { differentiate } from './6-differentiate/step.js'
import { optimizeStage } from './7-optimize/stage.js'
import { kernelProblems } from './8-schedule/kernel-problems.js'
import { type ScheduledStage, memoryOfStage, scheduleStage } from './8-schedule/schedule.js'
import { microBatchesOf } from './passes/accumulate-exact/problems.js'
import { chunkingOf, pairRowsOf } from './passes/chunk-pairs/problems.js'

/** A stage as it will run, what its budget of memory led to, and what is wrong with it. */
export interface BuiltStage {
  readonly scheduled: ScheduledStage
  readonly pairs: PairsChoice | null
  readonly diagnostics: readonly Diagnostic[]
}

/** How a stage with `chunk` or `memory` computes its pairs. */
export interface PairsChoice {
  readonly rows: number
  /** How many rows at a time; null: all. */
  readonly chunk: number | null
  /** Why the pairs cannot be computed in chunks. */
  readonly refused: string | null
  /** The same stage with all pairs at once. */
  readonly whole: () => ScheduledStage
}

/**
 * Phases 5 to 8 of a stage. Under a budget of memory, its pairs are computed in the largest chunks of rows with which
 * the predicted peak of a step fits.
 */
export function buildStage(stage: LoweredStage, target: Target): BuiltStage {
  const whole = once(() => build(stage, null, target))
  const rows = stage.chunk || stage.memory ? pairRowsOf(stage.graph) : undefined
  if (rows === undefined) return finished(stage, whole(), null, target)
  let built: Attempt | undefined
  for (const size of sizesFor(stage, rows)) {
    built = size === rows ? whole() : build(stage, size, target)
    if (built.refused !== null || fits(stage, built.scheduled)) break
  }
  built ??= whole()
  const chunk = built.refused === null ? built.size : null
  const pairs = { rows, chunk, refused: built.refused, whole: () => whole().scheduled }
  return finished(stage, built, pairs, target)
}

function finished(
  stage: LoweredStage,
  { scheduled }: Attempt,
  pairs: PairsChoice | null,
  target: Target,
): BuiltStage {
  const graphs = Object.values(scheduled.graphs).flatMap((g) => g?.graph ?? [])
  const diagnostics = [...kernelProblems(graphs, target, stage.span), ...exceeded(stage, scheduled, pairs)]
  return { scheduled, pairs, diagnostics }
}

/** What to try: the size that is asked for, or every one from all rows down. */
function sizesFor(stage: LoweredStage, rows: number): readonly number[] {
  if (stage.chunk) return [stage.chunk.rows]
  return Array.from({ length: rows }, (_, k) => rows - k).filter((size) => rows % size === 0)
}

const fits = (stage: LoweredStage, scheduled: ScheduledStage): boolean =>
  stage.memory === null || memoryOfStage(scheduled).peak <= stage.memory.bytes

interface Attempt {
  readonly scheduled: ScheduledStage
  readonly size: number | null
  readonly refused: string | null
}

function build(stage: LoweredStage, size: number | null, target: Target): Attempt {
  const chunking = size === null ? {} : { chunking: chunkingOf(stage, size) }
  const draft = new Draft()
  const microBatches = microBatchesOf(stage)
  const { graph, report } = optimizeForward(stage.graph, target, {
    draft,
    ...chunking,
    ...(microBatches ? { microBatches } : {}),
  })
  const [refusal] = report.flatMap(({ pass, refusals }) => (pass === 'chunk-pairs' ? refusals : []))
  const lowered =
    size === null || refusal
      ? { ...stage, chunk: null }
      : { ...stage, chunk: { rows: size, span: stage.span } }
  const differentiated = differentiate({ ...lowered, graph }, target, draft)
  const optimized = optimizeStage(differentiated, target, { draft })
  return { scheduled: scheduleStage(lowered, optimized, target), size, refused: refusal?.reason ?? null }
}

function exceeded(
  stage: LoweredStage,
  scheduled: ScheduledStage,
  pairs: PairsChoice | null,
): readonly Diagnostic[] {
  if (!stage.memory || fits(stage, scheduled)) return []
  const why = !pairs
    ? 'it computes no pairs that could be computed in chunks'
    : pairs.refused !== null
      ? `its pairs cannot be computed in chunks: ${pairs.refused}`
      : `that is with ${pairs.chunk ?? pairs.rows} of ${pairs.rows} rows of pairs at a time`
  const { peak } = memoryOfStage(scheduled)
  return [memoryExceeded(stage.memory.span, { stage: stage.name, budget: stage.memory.bytes, peak, why })]
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
