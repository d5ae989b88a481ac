import type { Value } from '../../graph/graph.js'
import { isFloat, tensor } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import { localPass } from './pass.js'
import { int } from './simplify/rule.js'

/** For who has ArgMax of floats alone: which of several integers is the largest, by comparing all with the largest. */
export const argmaxByMax = localPass(
  {
    name: 'argmax-by-max',
    doc: 'Writes ArgMax and ArgMin of integers with ReduceMax and ReduceMin.',
    requires: [],
  },
  (findings) => ({
    node(node, [x], { b }) {
      const { placeOf } = operator(node.op)
      if (placeOf === undefined || !x || isFloat(x.type.dtype)) return undefined
      findings.changed++
      const { shape } = x.type
      const axis = (int(node, 'axis') + shape.length) % shape.length
      const size = shape[axis] ?? 0
      const last = node.attributes['select_last_index'] === 1
      const reduce = (name: string, v: Value, keepdims: number): Value =>
        b.op(name, [v, b.ints([axis])], { keepdims })
      const best = reduce(placeOf, x, 1)
      const places = b.constant(
        tensor(
          'i64',
          [size, ...shape.slice(axis + 1).map(() => 1)],
          Array.from({ length: size }, (_, i) => i),
        ),
      )
      const none = b.scalar(last ? -1 : size, 'i64')
      const found = b.where(b.op('Equal', [x, best]), places, none)
      const keep = node.attributes['keepdims'] === 0 ? 0 : 1
      return [reduce(last ? 'ReduceMax' : 'ReduceMin', found, keep)]
    },
  }),
)
