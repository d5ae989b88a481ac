import { countNodes, slice } from '../../graph/rewrite.js'
import type { Pass } from './pass.js'

/** Removes nodes and inputs that no output needs. */
export const eliminateDead: Pass = {
  name: 'eliminate-dead',
  doc: 'Removes nodes, and inputs of the graph, that no output needs.',
  requires: [],
  run(graph) {
    const kept = slice(graph)
    return { graph: kept, changed: countNodes(graph) - countNodes(kept), refusals: [] }
  },
}
