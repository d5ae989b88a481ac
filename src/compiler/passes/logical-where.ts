import { localPass } from './pass.js'
import { given } from './simplify/rule.js'

/** onnxruntime's CPU kernel of Where takes no bools; those of And, Or and Not take nothing else. */
export const logicalWhere = localPass(
  {
    name: 'logical-where',
    doc: 'A choice between bools becomes (c and x) or (not c and y).',
    requires: [],
  },
  (findings) => ({
    node(node, inputs, { b }) {
      if (node.op !== 'Where' || node.outputs[0]?.type.dtype !== 'bool') return undefined
      findings.changed++
      const [c, x, y] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
      return [b.op('Or', [b.op('And', [c, x]), b.op('And', [b.op('Not', [c]), y])])]
    },
  }),
)
