import type { Graph, Node } from '../../graph/graph.js'
import { type DType, isFloat } from '../../graph/types.js'
import { type Kernels, missingKernel } from '../../targets/kernels.js'
import { type Pass, localPass } from './pass.js'

/**
 * Computes in f32 what a target has no kernel for in another type of floats: operands are cast before, which is exact
 * for floats of 16 bits, and results rounded behind. Doubles lose digits by it, so the plan lists what is computed so.
 */
export const computeInF32 = (kernelsOf: (graph: Graph) => Kernels): Pass =>
  localPass(
    {
      name: 'compute-in-f32',
      doc: 'Computes in f32 where there is no kernel for another type of floats.',
      requires: [],
    },
    (findings, graph) => {
      const kernels = kernelsOf(graph)
      return {
        node(node, inputs, { b }) {
          const type = missingInF32(node, kernels)
          if (!type) return undefined
          findings.changed++
          const cast = inputs.map((v) => v && (v.type.dtype === type ? b.cast(v, 'f32') : v))
          const outputs = b.node(node.op, cast, node.attributes)
          return node.outputs.map((old, i) => {
            const value = outputs[i]
            return value ? b.cast(value, old.type.dtype) : null
          })
        },
      }
    },
  )

/** The type of floats in which there is no kernel for a node, where there is one in f32. */
export function missingInF32(node: Node, kernels: Kernels): DType | undefined {
  const type = missingKernel(node, kernels[node.op])?.type
  return type && isFloat(type) && kernels[node.op]?.types.includes('f32') ? type : undefined
}
