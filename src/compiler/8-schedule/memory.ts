import type { Graph, Value } from '../../graph/graph.js'
import { countNodes } from '../../graph/rewrite.js'
import { roleOf } from '../../graph/roles.js'
import { byteSize } from '../../graph/types.js'
import type { CostModel } from '../../targets/target.js'
import { liveness } from './liveness.js'
import { initializersOf } from './names.js'

/** Where the bytes of one run are. */
export interface Memory {
  /** State, batches and draws: the runner's own memory, read in place. */
  readonly inputs: number
  /** The most that results of nodes take at one time. */
  readonly activations: number
  /** Results that the caller gets. */
  readonly outputs: number
  /** Frozen parameters and results of the prologue, mapped from their files, and constants. */
  readonly weights: number
  /** What the runtime takes for itself. */
  readonly session: number
  /** Predicted peak of the process above what it takes without the graph. */
  readonly peak: number
}

/** Predicts the memory of one run of a laid-out graph. */
export function memoryOf(
  graph: Graph,
  cost: CostModel,
  { peak: activations, outputs } = liveness(graph),
): Memory {
  const mapped = graph.inputs.filter((input) => roleOf(input)?.kind === 'prologue')
  const inputs = bytesOf(graph.inputs) - bytesOf(mapped)
  const weights = bytesOf(initializersOf(graph)) + bytesOf(mapped)
  const session = cost.session.fixed + cost.session.perNode * countNodes(graph)
  const peak = inputs + weights + session + Math.max(activations, cost.copiesOfOutputs * outputs)
  return { inputs, activations, outputs, weights, session, peak }
}

const bytesOf = (values: Iterable<Value>): number => {
  let sum = 0
  for (const { type } of values) sum += byteSize(type)
  return sum
}
