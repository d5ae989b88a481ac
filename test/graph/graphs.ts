import { Builder } from '../../src/graph/builder.js'
import type { Graph, Node, Value } from '../../src/graph/graph.js'
import { visitNodes } from '../../src/graph/rewrite.js'
import type { TensorType } from '../../src/graph/types.js'
import { tensor } from '../../src/graph/types.js'

export const matrix: TensorType = { dtype: 'f32', shape: [2, 2] }

/** All nodes of a graph, in the order in which they are visited. */
export function nodesOf(graph: Graph): readonly Node[] {
  const nodes: Node[] = []
  visitNodes(graph, (node) => nodes.push(node))
  return nodes
}

/**
 * y = x * s repeated `turns` times in a Loop, then added to a parameter. The body reads `s` (a node of the outer
 * graph) and a constant from outside, and holds a node that nothing reads.
 */
export function loopGraph(turns = 3): Graph {
  const b = new Builder()
  const x = b.input('x', matrix)
  b.span = { file: 'a.dcr', start: 1, end: 5 }
  const s = b.op('Tanh', [b.input('s', matrix)])
  const half = b.scalar(0.5)
  const body = b.child()
  body.input('i', { dtype: 'i64', shape: [] })
  const go = body.input('go', { dtype: 'bool', shape: [] })
  const carried = body.input('carried', matrix)
  body.op('Exp', [carried])
  const next = body.op('Mul', [body.op('Mul', [carried, s]), half])
  const inner = body.finish('body', [
    { name: 'go', value: go },
    { name: 'carried', value: next },
  ])
  const [y] = b.node('Loop', [b.constant(tensor('i64', [], [turns])), null, x], { body: inner })
  const z = b.op('Add', [y as Value, b.parameter('m', 'w', matrix)])
  return b.finish('loop', [
    { name: 'y', value: y as Value },
    { name: 'z', value: z },
  ])
}
