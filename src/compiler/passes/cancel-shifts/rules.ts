import type { Builder } from '../../../graph/builder.js'
import { type Node, type Value, producer } from '../../../graph/graph.js'
import { elementCount, sameShape } from '../../../graph/types.js'
import { operator } from '../../../ops/registry.js'
import { given, int, list, uniform } from '../simplify/rule.js'
import { type Shifted, fullAlong, isConstantAlong, mapParts, reshaped } from './shifted.js'

/** A node of which one operand is known to be a sum with a shift. */
export interface ShiftedCall {
  readonly b: Builder
  readonly node: Node
  readonly inputs: readonly (Value | null)[]
  /** The operand, and what is known of it. */
  readonly k: number
  readonly sum: Shifted
  /** No data reaches the other operands. */
  readonly othersFixed: boolean
}

/** The result with its parts apart, a result that the shift has no part in, or why the parts cannot be kept apart. */
export type Outcome = Shifted | { readonly cancelled: Value } | string

/** Operators that are linear in the operand, or in which a shift cancels. */
export function follow(call: ShiftedCall): Outcome {
  const { b, node, inputs, k, sum } = call
  const value = given(inputs, k)
  const to = node.outputs[0]?.type.shape ?? []
  const rule = isView(node) ? asView : (k === 0 ? ofFirst : ofSecond)[node.op]
  if (!rule) return `${node.op} needs the sum as a whole`
  // A view that merges the axis of the tokens with another is undone before anything but a row-wise product.
  if (!sameShape(value.type.shape, sum.shape) && !isView(node) && node.op !== 'Gemm')
    return `${node.op} reads the tokens of all pictures as one axis`
  return rule({ ...call, b, to })
}

type Rule = (call: ShiftedCall & { readonly to: readonly number[] }) => Outcome

const asView: Rule = ({ b, sum, to }) => reshaped(b, sum, to)

const isView = ({ op }: Node): boolean => operator(op).memory?.view === true

/** Operators that move the elements of the sum, or multiply its rows. */
const moves: Readonly<Record<string, Rule>> = {
  Transpose({ b, node, sum, to }) {
    const perm = list(node, 'perm')
    return mapParts(sum, to, (part) => b.transpose(part, perm))
  },
  Expand: ({ b, sum, to }) =>
    mapParts(sum, to, (part) =>
      b.reshape(part, [...to.slice(sum.shape.length).map(() => 1), ...part.type.shape]),
    ),
  Gemm: rowProduct,
}

/** Whether a node leads from a condition to the keys and values of attention. */
export const carries = (node: Node): boolean => isView(node) || Object.hasOwn(moves, node.op)

/** What becomes of the sum as first operand of an operator, and as its second. */
const ofFirst: Readonly<Record<string, Rule>> = {
  ...moves,
  Mul: scale,
  Div: scale,
  Add: addition,
  MatMul: leftProduct,
  /** softmax(x + s) = softmax(x) where s is the same for all that is compared. */
  Softmax({ b, node, sum, to }) {
    const axis = int(node, 'axis', -1)
    if (!isConstantAlong(sum, axis < 0 ? -axis : to.length - axis))
      return 'the sum varies in what Softmax compares'
    return { cancelled: b.expand(b.op('Softmax', [sum.rest], node.attributes), to) }
  },
}
const ofSecond: Readonly<Record<string, Rule>> = { Mul: scale, Add: addition, MatMul: rightProduct }

/** What is added to the sum is added to the rest: a mask to the scores, a feature map to what attention adds. */
function addition({ b, inputs, k, sum, othersFixed, to }: Parameters<Rule>[0]): Outcome {
  const other = given(inputs, 1 - k)
  const rank = (v: Value): Value =>
    b.reshape(v, [...to.slice(v.type.shape.length).map(() => 1), ...v.type.shape])
  const fixed = sum.fixed && othersFixed
  return { rest: b.add(rank(sum.rest), rank(other)), shift: rank(sum.shift), shape: to, fixed }
}

function scale({ b, node, inputs, k, sum, to }: Parameters<Rule>[0]): Outcome {
  const factor = given(inputs, 1 - k)
  if (uniform(factor) === undefined || elementCount(factor.type.shape) !== 1)
    return `${node.op} scales it by more than a number`
  return mapParts(sum, to, (part) => b.op(node.op, k === 0 ? [part, factor] : [factor, part]))
}

/** x W + c for the rows of x, whatever axes they were merged from. */
function rowProduct({ b, node, inputs, sum, othersFixed }: Parameters<Rule>[0]): Outcome {
  const [x, weight, bias] = [given(inputs, 0), given(inputs, 1), inputs[2] ?? null]
  const width = x.type.shape[1]
  const columns = node.outputs[0]?.type.shape[1] ?? 1
  if (int(node, 'transA') === 1 || sum.shape.at(-1) !== width) return 'Gemm mixes its tokens'
  if (bias && elementCount(bias.type.shape) !== columns) return 'Gemm adds a matrix to it'
  const product = (part: Value, c: Value | null): Value => {
    const full = fullAlong(b, part, sum, 1)
    const rows = b.reshape(full, [elementCount(full.type.shape.slice(0, -1)), width ?? 1])
    return b.reshape(b.op('Gemm', [rows, weight, c], node.attributes), [
      ...full.type.shape.slice(0, -1),
      columns,
    ])
  }
  return {
    rest: product(sum.rest, bias),
    shift: product(sum.shift, null),
    shape: [...sum.shape.slice(0, -1), columns],
    fixed: sum.fixed && othersFixed,
  }
}

function leftProduct({ b, inputs, sum, othersFixed, to }: Parameters<Rule>[0]): Outcome {
  const y = given(inputs, 1)
  return mapParts(sum, to, (part) => b.matmul(fullAlong(b, part, sum, 1), y), sum.fixed && othersFixed)
}

function rightProduct({ b, inputs, sum, othersFixed, to }: Parameters<Rule>[0]): Outcome {
  const x = given(inputs, 0)
  const rest = b.matmul(x, fullAlong(b, sum.rest, sum, 2))
  const fixed = sum.fixed && othersFixed
  const rank = (v: Value): Value =>
    b.reshape(v, [...to.slice(v.type.shape.length).map(() => 1), ...v.type.shape])
  if (!isConstantAlong(sum, 2)) {
    return { rest, shift: b.matmul(x, fullAlong(b, sum.shift, sum, 2)), shape: to, fixed }
  }
  if (!sumsToOne(x)) return 'MatMul weighs it by numbers that do not sum to one'
  // sum_k a_k (v_k + s) = sum_k a_k v_k + s, since sum_k a_k = 1.
  return { rest, shift: rank(sum.shift), shape: to, fixed }
}

/** The rows of a softmax sum to one. */
function sumsToOne(x: Value): boolean {
  const node = producer(x)
  const axis = node?.op === 'Softmax' ? int(node, 'axis', -1) : undefined
  if (node?.op === 'Expand' && node.inputs[0]) {
    return node.inputs[0].type.shape.at(-1) === x.type.shape.at(-1) && sumsToOne(node.inputs[0])
  }
  return axis === -1 || axis === x.type.shape.length - 1
}
