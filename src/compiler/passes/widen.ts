import { isNarrow } from '../../graph/types.js'
import { type Kernels, missingKernel } from '../../targets/kernels.js'
import { type Pass, localPass } from './pass.js'

/**
 * Computes in f32 what a target has no kernel for in a type of 16 bits: operands are widened before, which is exact, and
 * results rounded behind. Doubles would lose digits that were asked for.
 */
export const widen = (kernels: Kernels): Pass =>
  localPass(
    {
      name: 'widen',
      doc: 'Computes in f32 where there is no kernel for floats of 16 bits.',
      requires: [],
    },
    (findings) => ({
      node(node, inputs, { b }) {
        const type = missingKernel(node, kernels[node.op])?.type
        if (!isNarrow(type) || !kernels[node.op]?.types.includes('f32')) return undefined
        findings.changed++
        const wide = inputs.map((v) => v && (v.type.dtype === type ? b.cast(v, 'f32') : v))
        const outputs = b.node(node.op, wide, node.attributes)
        return node.outputs.map((old, i) => {
          const value = outputs[i]
          return value ? b.cast(value, old.type.dtype) : null
        })
      },
    }),
  )
