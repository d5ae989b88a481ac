import type { Builder } from '../../graph/builder.js'
import type { Value } from '../../graph/graph.js'
import { sameShape } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import { localPass } from './pass.js'

/**
 * Where stacks of matrices with unequal batch axes are multiplied, CUDA's kernel writes a list of addresses and sends it
 * to the device at every step, which a captured graph would read again from the same place of the host. With equal ones
 * it takes strides, with one matrix on the right it makes one product of all rows.
 */
export const equalBatches = localPass(
  {
    name: 'equal-batches',
    doc: 'Gives both operands of products of stacks of matrices the same batch axes, or the right one none.',
    requires: [],
  },
  (findings) => ({
    node({ op, attributes, outputs: [out] }, [x, y], { b }) {
      if (!x || !y || !out || out.type.shape.length < 3 || operator(op).multiplies !== 'matrices')
        return undefined
      const batch = out.type.shape.slice(0, -2)
      if (flattens(x, batch, attributes['transA']) && isOneMatrix(y)) {
        if (y.type.shape.length === 2) return undefined
        findings.changed++
        return [b.op(op, [x, b.reshape(y, y.type.shape.slice(-2))], attributes)]
      }
      const [left, right] = [withBatch(b, x, batch), withBatch(b, y, batch)]
      if (left === x && right === y) return undefined
      findings.changed++
      return [b.op(op, [left, right], attributes)]
    },
  }),
)

/** Whether the rows of a stack are those of one matrix, in the order of the result's. */
const flattens = (x: Value, batch: readonly number[], turned: unknown): boolean =>
  turned !== 1 && sameShape(x.type.shape.slice(0, -2), batch)

const isOneMatrix = ({ type: { shape } }: Value): boolean => shape.slice(0, -2).every((size) => size === 1)

/** The stack repeated along the batch axes that it lacks. */
const withBatch = (b: Builder, v: Value, batch: readonly number[]): Value =>
  b.expand(v, [...batch, ...v.type.shape.slice(-2)])
