import type { Node, Value } from '../../../graph/graph.js'
import type { RowAxis } from '../../../ops/operator.js'
import { operator } from '../../../ops/registry.js'

/** How a node treats rows one by one. */
export interface RowWise {
  /** Per input the axis of its rows, null where all rows read the same. */
  readonly inputs: readonly RowAxis[]
  /** Per output the axis of its rows. */
  readonly outputs: readonly number[]
}

/**
 * How a node treats `rows` rows one by one, whose operands have rows along known axes: as known, or with rows of
 * their own for other operands. Undefined where it mixes rows.
 */
export function rowWise(
  node: Node,
  known: (value: Value) => number | undefined,
  rows: number,
): RowWise | undefined {
  const types = node.outputs.map((v) => v.type)
  for (const inputs of assignments(node, known, rows)) {
    const outputs = operator(node.op).rows(inputs, node.inputs, types, node.attributes, rows)
    if (outputs.every((axis) => typeof axis === 'number')) return { inputs, outputs }
  }
  return undefined
}

function* assignments(
  node: Node,
  known: (value: Value) => number | undefined,
  rows: number,
): Generator<readonly RowAxis[]> {
  const choices = node.inputs.map((v): readonly RowAxis[] => {
    const own = v ? (known(v) ?? null) : null
    if (own !== null || !v) return [own]
    return [null, ...v.type.shape.flatMap((size, axis) => (size % rows === 0 && size > 0 ? [axis] : []))]
  })
  if (choices.reduce((product, c) => product * c.length, 1) > mostAssignments) {
    yield node.inputs.map((v) => (v ? (known(v) ?? null) : null))
    return
  }
  yield* products(choices)
}

/** Operators of many operands (Concat) are not tried in every way. */
const mostAssignments = 1000

function* products<T>(choices: readonly (readonly T[])[]): Generator<readonly T[]> {
  const [first, ...rest] = choices
  if (!first) {
    yield []
    return
  }
  for (const choice of first) for (const others of products(rest)) yield [choice, ...others]
}
