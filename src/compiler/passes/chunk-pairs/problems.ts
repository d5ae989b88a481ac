import { badChunk, chunkWithoutEffect } from '../../../diagnostics/catalogue/stage.js'
import type { Diagnostic } from '../../../diagnostics/diagnostic.js'
import type { Graph } from '../../../graph/graph.js'
import { slice } from '../../../graph/rewrite.js'
import type { LoweredUpdate } from '../../4-lower/lowered.js'
import { anchorTargets } from '../anchors.js'
import type { Chunking } from '../pass.js'
import { pushed } from '../push-repeats/index.js'
import { chunkPairs } from './index.js'
import { pairGrids } from './region.js'

/** The chunking of an update with so many rows at a time. */
export const chunkingOf = (update: LoweredUpdate, rows: number): Chunking => ({
  rows,
  trained: new Set(update.trained.map((t) => `${t.model}/${t.path}`)),
})

/** How many rows the pairs of a graph have, if it has any; those with the fewest where there are several. */
export function pairRowsOf(graph: Graph): number | undefined {
  const result = pushed(anchorTargets(graph))
  return pairGrids(result, new Set(slice(result.graph).nodes))[0]?.rows
}

/** What is wrong with a stage's `chunk`. */
export function chunkProblems(update: LoweredUpdate): readonly Diagnostic[] {
  const { chunk, graph } = update
  if (!chunk) return []
  const rows = pairRowsOf(graph)
  const idle = (reason: string): readonly Diagnostic[] => [chunkWithoutEffect(chunk.span, { reason })]
  if (rows === undefined) return idle('the stage computes no pairs')
  if (chunk.rows === rows) return idle(`the pairs have ${rows} rows`)
  if (rows % chunk.rows !== 0) return [badChunk(chunk.span, { chunk: chunk.rows, rows })]
  const { refusals } = chunkPairs.run(anchorTargets(graph), { chunking: chunkingOf(update, chunk.rows) })
  const [refusal] = refusals
  if (!refusal) return []
  return [chunkWithoutEffect(chunk.span, { reason: refusal.reason, at: refusal.node.span })]
}
