import { memoryExceeded } from '../diagnostics/catalogue/stage.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { Draft } from '../graph/graph.js'
import type { LoweredStage } from './4-lower/lowered.js'
import { differentiate } from './6-differentiate/step.js'
import { chunkingOf, pairRowsOf } from './passes/chunk-pairs/problems.js'
import { microBatchesOf } from './passes/accumulate-exact/problems.js'
import { optimizeForward } from './5-optimize/index.js'
import type { Target } from './passes/pass.js'
import { optimizeStage } from './7-optimize/stage.js'
import { type EmittedStage, emitStage } from './9-emit/artefact.js'
import type { EmitContext } from './9-emit/graph-file.js'
import { memoryOfStage } from './8-schedule/memory.js'

/** A stage as it is emitted, and what its budget of memory led to. */
export interface BuiltStage {
  readonly emitted: EmittedStage
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
  readonly whole: () => EmittedStage
}

/**
 * Phases 5 to 9 of a stage. Under a budget of memory, its pairs are computed in the largest chunks of rows with which
 * the predicted peak of a step fits.
 */
export function buildStage(stage: LoweredStage, target: Target, context: EmitContext): BuiltStage {
  const whole = once(() => build(stage, null, target, context))
  const rows = stage.chunk || stage.memory ? pairRowsOf(stage.graph) : undefined
  if (rows === undefined)
    return { emitted: whole().emitted, pairs: null, diagnostics: exceeded(stage, whole(), null) }
  let built: Attempt | undefined
  for (const size of sizesFor(stage, rows)) {
    built = size === rows ? whole() : build(stage, size, target, context)
    if (built.refused !== null || fits(stage, built.emitted)) break
  }
  built ??= whole()
  const chunk = built.refused === null ? built.size : null
  const pairs = { rows, chunk, refused: built.refused, whole: () => whole().emitted }
  return { emitted: built.emitted, pairs, diagnostics: exceeded(stage, built, pairs) }
}

/** What to try: the size that is asked for, or every one from all rows down. */
function sizesFor(stage: LoweredStage, rows: number): readonly number[] {
  if (stage.chunk) return [stage.chunk.rows]
  return Array.from({ length: rows }, (_, k) => rows - k).filter((size) => rows % size === 0)
}

const fits = (stage: LoweredStage, emitted: EmittedStage): boolean =>
  stage.memory === null || memoryOfStage(emitted).peak <= stage.memory.bytes

interface Attempt {
  readonly emitted: EmittedStage
  readonly size: number | null
  readonly refused: string | null
}

function build(stage: LoweredStage, size: number | null, target: Target, context: EmitContext): Attempt {
  const chunking = size === null ? {} : { chunking: chunkingOf(stage, size) }
  const draft = new Draft()
  const microBatches = microBatchesOf(stage)
  const { graph, report } = optimizeForward(stage.graph, {
    target,
    draft,
    ...chunking,
    ...(microBatches ? { microBatches } : {}),
  })
  const [refusal] = report.flatMap(({ pass, refusals }) => (pass === 'chunk-pairs' ? refusals : []))
  const lowered =
    size === null || refusal
      ? { ...stage, chunk: null }
      : { ...stage, chunk: { rows: size, span: stage.span } }
  const optimized = optimizeStage(differentiate({ ...lowered, graph }, draft), { target, draft })
  return { emitted: emitStage(lowered, optimized, context), size, refused: refusal?.reason ?? null }
}

function exceeded(
  stage: LoweredStage,
  { emitted }: Attempt,
  pairs: PairsChoice | null,
): readonly Diagnostic[] {
  if (!stage.memory || fits(stage, emitted)) return []
  const why = !pairs
    ? 'it computes no pairs that could be computed in chunks'
    : pairs.refused !== null
      ? `its pairs cannot be computed in chunks: ${pairs.refused}`
      : `that is with ${pairs.chunk ?? pairs.rows} of ${pairs.rows} rows of pairs at a time`
  const { peak } = memoryOfStage(emitted)
  return [memoryExceeded(stage.memory.span, { stage: stage.name, budget: stage.memory.bytes, peak, why })]
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
