import type { Builder } from '../graph/builder.js'
import { type Value, constantOf } from '../graph/graph.js'
import { interpret } from '../graph/interpret.js'
import { elementCount } from '../graph/types.js'
import { operator } from '../ops/registry.js'
import { maxConstant } from './constant-values.js'

/** A constant that takes more than this to compute stays computed. */
const mostFlops = 2 ** 26

/**
 * Builds what reads constants alone apart, and gives its value as constants: so the arithmetic of shapes leaves no node.
 * Undefined where the value would be large.
 */
export function folded(b: Builder, build: (b: Builder) => readonly Value[]): readonly Value[] | undefined {
  const apart = b.child()
  const outputs = build(apart)
  const graph = apart.finish(
    'folded',
    outputs.map((value, i) => ({ name: String(i), value })),
  )
  let work = 0
  for (const node of graph.nodes) {
    const types = node.outputs.map((v) => v.type)
    const elements = types.reduce((sum, { shape }) => sum + elementCount(shape), 0)
    if (elements > maxConstant) return undefined
    const definition = operator(node.op)
    work +=
      elements +
      definition.flops(
        node.inputs.map((v) => v?.type ?? null),
        types,
        node.attributes,
      )
  }
  if (work > mostFlops) return undefined
  const values = interpret(graph, (value) => {
    throw new Error(`folding reads ${value.source.kind}`)
  })
  return values.map((t, i) => {
    const value = outputs[i]
    return value && constantOf(value) ? value : b.constant(t)
  })
}
