import type { GraphSpec } from '../artefact/graphs.js'
import type { StageSpec } from '../artefact/stages.js'
import { fewMemory, tooLittleMemory } from '../diagnostics/catalogue/run.js'
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'
import { byteSize } from '../graph/types.js'

/** Predictions are rough: only what is so much beyond what is free ends a run. */
const certain = 1.5

/**
 * Compares what the steps of stages are predicted to take with the memory that is free, before anything runs: a warning
 * where it may not fit, an error where it cannot.
 */
export function checkMemory(
  stages: readonly StageSpec[],
  free: number,
  spanOf: (stage: string) => Span,
): Diagnostic | undefined {
  const graphs = stages.flatMap(({ name, updates }) =>
    updates.flatMap(({ graphs: { step, monitored, micro } }) =>
      [step, monitored, micro].flatMap((graph) => (graph ? [{ stage: name, graph }] : [])),
    ),
  )
  const [largest] = graphs.toSorted((a, b) => b.graph.peak_bytes - a.graph.peak_bytes)
  if (!largest || largest.graph.peak_bytes <= free) return undefined
  const { stage, graph } = largest
  const predicted = graph.peak_bytes
  const facts = { stage, predicted, free, rows: rowsOf(graph), fitting: fittingRows(graph, free) }
  return predicted > certain * free ? tooLittleMemory(spanOf(stage), facts) : fewMemory(spanOf(stage), facts)
}

const rowsOf = ({ inputs }: GraphSpec): number =>
  Math.max(0, ...inputs.map(({ role, shape }) => (role.kind === 'batch' ? (shape[0] ?? 1) : 0)))

/**
 * Rows of a batch that fit, if all but weights and state grows with the rows as a line; what grows with their square
 * leaves room for more.
 */
function fittingRows(graph: GraphSpec, free: number): number {
  const rows = rowsOf(graph)
  const states = graph.inputs.filter(({ role }) => role.kind === 'state' || role.kind === 'prologue')
  // State is there twice at the end of a step: the old one and the new one.
  const fixed = [...graph.parameters, ...states, ...states].reduce((sum, tensor) => sum + byteSize(tensor), 0)
  const perRow = (graph.peak_bytes - fixed) / rows
  return rows === 0 || perRow <= 0 ? 0 : Math.max(0, Math.floor((free - fixed) / perRow))
}
