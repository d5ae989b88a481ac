import { isNarrow } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import { localPass } from './pass.js'

/**
 * Computes in f32 what may not be narrow (`narrow` of src/ops), as derivatives of what may bring it in: the gradient of
 * what was spread over rows is a sum over them. The result is rounded once.
 */
export const reduceInF32 = localPass(
  {
    name: 'reduce-in-f32',
    doc: 'Adds up in f32 where operands have 16 bits, and rounds the sum.',
    requires: [],
  },
  (findings) => ({
    node(node, inputs, { b }) {
      const { narrow, domain, moves } = operator(node.op)
      // Casts are how types meet.
      if (narrow !== 'none' || domain === 'dcrc' || moves || node.bodies.length > 0) return undefined
      if (!inputs.some((v) => isNarrow(v?.type.dtype))) return undefined
      findings.changed++
      const wide = inputs.map((v) => v && (isNarrow(v.type.dtype) ? b.cast(v, 'f32') : v))
      const outputs = b.node(node.op, wide, node.attributes)
      return outputs.map((v, i) => b.cast(v, node.outputs[i]?.type.dtype ?? v.type.dtype))
    },
  }),
)
