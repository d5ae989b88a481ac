import { localPass } from '../../../src/compiler/passes/pass.js'
import type { Value } from '../../../src/graph/graph.js'

/** alpha op(x) op(y) with a node for each part, as derivatives of products of stacks of matrices are written. */
export const plainProducts = localPass(
  { name: 'plain-products', doc: 'Writes FusedMatMul with Transpose, MatMul and Mul.', requires: [] },
  (findings) => ({
    node({ op, attributes: { transA, transB, alpha } }, [x, y], { b }) {
      if (op !== 'FusedMatMul' || !x || !y) return undefined
      findings.changed++
      const turned = (v: Value, flag: unknown): Value => {
        const axes = v.type.shape.map((_, axis) => axis)
        const swapped = [...axes.slice(0, -2), ...axes.slice(-2).toReversed()]
        return flag === 1 ? b.transpose(v, swapped) : v
      }
      const product = b.matmul(turned(x, transA), turned(y, transB))
      return [typeof alpha === 'number' ? b.scale(product, alpha) : product]
    },
  }),
)
