import type { onnx as Onnx } from 'onnx-proto'
import type { Graph, Node, Value } from '../../graph/graph.js'
import { findNodes } from '../../graph/rewrite.js'
import { tensorKey } from '../../graph/types.js'
import { dataType } from '../../onnx/element-types.js'
import { operator } from '../../ops/registry.js'
import type { Names } from './names.js'

/**
 * Where results of nodes lie in memory: of each, the first in that memory, which is itself, what it is written over, or
 * what was there before it (`slots.ts`).
 *
 * onnxruntime plans memory by the shapes that it knows. A result is written over an operand of its shape that nothing
 * else reads any more, which is good; but it also gets the memory of any dead result of its shape, which is then held
 * in between: that of a temporary of the forward pass until the backward pass ends. So the sizes are hidden from it.
 * The shapes that nodes read are inputs with a default, which are no constants, and the first axis of a result has a
 * name that goes by its place: what is known to have one shape has one place, too.
 */
export type Placement = ReadonlyMap<Value, Value>

/** The constants that tell shapes of results, those of bodies too. */
export function shapesRead(graph: Graph): readonly Value[] {
  const shapes = new Map<string, Value>()
  for (const { inputs } of findNodes(graph, readsShape)) {
    const shape = inputs[1]
    if (shape?.source.kind === 'constant') shapes.set(tensorKey(shape.source.tensor), shape)
  }
  return [...shapes.values()]
}

const readsShape = ({ op }: Node): boolean => operator(op).shapeOperand === 1

/** The shapes of a graph's results that are no outputs and no scalars, as far as they are placed. */
export function placedShapes(
  graph: Graph,
  { value: names }: Names,
  places: Placement,
): Onnx.IValueInfoProto[] {
  const outputs = new Set(graph.outputs.map((o) => o.value))
  return graph.nodes.flatMap((node) =>
    node.outputs.flatMap((value) => {
      const place = places.get(value)
      if (!place || outputs.has(value) || value.type.shape.length === 0) return []
      const { dtype, shape } = value.type
      // A name stands for one size everywhere.
      const dimParam = `${names.get(place)}.${shape[0]}`
      const dim = shape.map((dimValue, axis) => (axis === 0 ? { dimParam } : { dimValue }))
      return [
        { name: names.get(value) ?? '', type: { tensorType: { elemType: dataType[dtype], shape: { dim } } } },
      ]
    }),
  )
}
