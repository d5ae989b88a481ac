import type { Graph, Value } from '../../graph/graph.js'
import { countNodes } from '../../graph/rewrite.js'
import { roleOf } from '../../graph/roles.js'
import { byteSize } from '../../graph/types.js'
import type { EmittedStage } from '../9-emit/artefact.js'
import { liveness } from './liveness.js'
import { initializersOf } from './names.js'

/** Where the bytes of one run are. */
export interface Memory {
  /** State, batches and draws: the runner's own memory, read in place. */
  readonly inputs: number
  /** The most that results of nodes take at one time. */
  readonly activations: number
  /** Results that cross the bus; the binding copies each into memory of its own. */
  readonly outputs: number
  /** Frozen parameters and results of the prologue, mapped from their files, and constants. */
  readonly weights: number
  /** What onnxruntime takes for itself. */
  readonly session: number
  /** Predicted peak of the process above what it takes without the graph. */
  readonly peak: number
}

/**
 * What onnxruntime brings in with the first session and run (its environment, code of the kernels, threads) and what
 * it holds per node (kernel, node, its part of the execution plan, small allocations); measured with onnxruntime
 * 1.30 on graphs of 100 to 9,500 nodes, which it fits to 12 %.
 */
const sessionBytes = { fixed: 45e6, perNode: 11e3 }

/** Predicts the memory of one run of a laid-out graph. */
export function memoryOf(graph: Graph, { peak: activations, outputs } = liveness(graph)): Memory {
  const mapped = graph.inputs.filter((input) => roleOf(input)?.kind === 'prologue')
  const inputs = bytesOf(graph.inputs) - bytesOf(mapped)
  const weights = bytesOf(initializersOf(graph)) + bytesOf(mapped)
  const session = sessionBytes.fixed + sessionBytes.perNode * countNodes(graph)
  // At the end all outputs are there twice: onnxruntime's and the binding's copy.
  const peak = inputs + weights + session + Math.max(activations, 2 * outputs)
  return { inputs, activations, outputs, weights, session, peak }
}

/** The memory of the largest graph that a stage runs at a step. */
export function memoryOfStage({ graphs }: EmittedStage): Memory {
  const perStep = [graphs.step, graphs.monitored, graphs.micro].flatMap((f) => (f ? [f.memory] : []))
  return perStep.reduce((a, b) => (b.peak > a.peak ? b : a))
}

const bytesOf = (values: Iterable<Value>): number => {
  let sum = 0
  for (const { type } of values) sum += byteSize(type)
  return sum
}
