import type { GraphSpec } from '../../artefact/graphs.js'
import { layOut } from '../../compiler/8-schedule/layout.js'
import { initializersOf } from '../../compiler/8-schedule/names.js'
import type { Graph } from '../../graph/graph.js'
import { byteSize } from '../../graph/types.js'
import type { Schedule } from '../target.js'
import { mostCopiedBytes } from './session.js'

/** The order in which onnxruntime's walk needs the least memory, with results placed so that it holds none in between. */
export function schedule(given: Graph): Schedule {
  const { graph, liveness, places } = layOut(given)
  const optimization = optimizationOf(graph)
  // Where onnxruntime lays out convolutions in blocks, results get shapes of its own choice.
  return { graph, liveness, optimization, places: optimization === 'disabled' ? places : null }
}

/**
 * `all` where there are convolutions with frozen weights: it lays them out in blocks of channels, which makes them
 * about twice as fast on small pictures.
 */
function optimizationOf(graph: Graph): GraphSpec['optimization'] {
  const weights = initializersOf(graph).reduce((sum, { type }) => sum + byteSize(type), 0)
  return convolvesFrozen(graph) && weights <= mostCopiedBytes ? 'all' : 'disabled'
}

const convolvesFrozen = (graph: Graph): boolean =>
  graph.nodes.some(
    (node) =>
      (node.op === 'Conv' && node.inputs[1]?.source.kind === 'parameter') ||
      node.bodies.some((body) => convolvesFrozen(body.graph)),
  )
