import type { Value } from '../../graph/graph.js'
import { string } from '../_attributes.js'
import { contract, parseEquation } from '../_einsum.js'
import { floatTypes, requireSameType, requireTypes } from '../_types.js'
import type { Composite } from '../operator.js'

const einsum: Composite = {
  name: 'Einsum',
  doc: 'The sum of products that `equation` names: one letter per axis of each operand, "..." for the axes that broadcast; letters left out of the result are summed over. Built from transposes, matrix products and sums.',
  withoutDefault: ['equation'],
  expand(b, inputs, attributes) {
    const operands = inputs.filter((v): v is Value => v !== null)
    requireTypes('einsum', floatTypes, ...operands)
    requireSameType('einsum', ...operands)
    return [contract(b, parseEquation(string(attributes, 'equation')), operands)]
  },
  language: [
    {
      name: 'einsum',
      doc: 'The sum of products over named axes: einsum("b q d, b k d -> b q k", [x, y]). Each operand names its axes, apart by spaces (or as single letters without spaces); names left out of the result are summed over; "..." stands for axes that broadcast.',
      parameters: [
        { name: 'equation', kind: 'string' },
        { name: 'tensors', kind: 'tensors' },
      ],
      build: (b, args) => b.op('Einsum', args.tensors('tensors'), { equation: args.string('equation') }),
    },
  ],
  sample(random) {
    const [i, j, k, l] = [random.int(1, 3), random.int(1, 3), random.int(1, 3), random.int(1, 3)]
    const [equation, ...shapes] = random.pick<[string, ...number[][]]>([
      ['ij->ji', [i, j]],
      ['ij->', [i, j]],
      ['bij,bjk->bik', [l, i, j], [l, j, k]],
      ['bhqd,bhkd->bhqk', [i, j, k, l], [i, j, 2, l]],
      ['ij,jk,kl->il', [i, j], [j, k], [k, l]],
      ['i,j->ij', [i], [j]],
      ['ij,ij->i', [i, j], [i, j]],
      ['...ij,jk->...ik', [l, i, j], [j, k]],
      ['ii->i', [i, i]],
      ['ii', [i, i]],
      ['ijk,ij', [i, j, k], [i, j]],
    ])
    return { inputs: shapes.map((shape) => random.tensor(shape)), attributes: { equation } }
  },
}
export default einsum
