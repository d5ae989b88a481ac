import { exactNotPossible, exactWithoutEffect } from '../../../diagnostics/catalogue/stage.js'
import type { Diagnostic } from '../../../diagnostics/diagnostic.js'
import type { Graph } from '../../../graph/graph.js'
import { roleOf } from '../../../graph/roles.js'
import type { LoweredUpdate } from '../../4-lower/lowered.js'
import { isCoupled } from '../../4-lower/coupling.js'
import { anchorTargets } from '../anchors.js'
import type { MicroBatches } from '../pass.js'
import { accumulateExact } from './index.js'

/** How the samples of an update are split; undefined where they are not, or where there is no one number of them. */
export function microBatchesOf(update: LoweredUpdate): MicroBatches | undefined {
  const { exact, graph } = update
  const [rows, ...others] = sampleCounts(graph)
  if (!exact || rows === undefined || others.length > 0) return undefined
  return { rows, count: exact.count, trained: new Set(update.trained.map((t) => `${t.model}/${t.path}`)) }
}

/** What is wrong with a stage's `accumulate n exact`. */
export function exactProblems(update: LoweredUpdate): readonly Diagnostic[] {
  const { exact, graph, chunk } = update
  if (!exact) return []
  const impossible = (reason: string): readonly Diagnostic[] => [exactNotPossible(exact.span, { reason })]
  const counts = sampleCounts(graph)
  const [first, second] = counts.map((n) => n / exact.count)
  if (first === undefined) return impossible('the stage reads no data')
  if (second !== undefined) return impossible(`it reads data sets of ${first} and of ${second} rows`)
  if (chunk) return impossible('its pairs are computed in chunks')
  if (graph.outputs.some(({ role }) => role?.kind === 'gradient'))
    return impossible('it minimizes by a gradient, which is that of all samples at once')
  if (!isCoupled(graph)) return [exactWithoutEffect(exact.span, { count: exact.count })]
  const microBatches = microBatchesOf(update)
  if (!microBatches) return []
  const [refusal] = accumulateExact.run(anchorTargets(graph), { microBatches }).refusals
  return refusal ? [exactNotPossible(exact.span, { reason: refusal.reason, at: refusal.node.span })] : []
}

/** The numbers of rows that a graph takes of data. */
const sampleCounts = (graph: Graph): readonly number[] => [
  ...new Set(graph.inputs.flatMap((v) => (roleOf(v)?.kind === 'batch' ? [v.type.shape[0] ?? 1] : []))),
]
