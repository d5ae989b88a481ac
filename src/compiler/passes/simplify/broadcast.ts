import type { Builder } from '../../../graph/builder.js'
import type { Node, Value } from '../../../graph/graph.js'
import { elementCount, sameShape } from '../../../graph/types.js'
import type { Operator } from '../../../ops/operator.js'
import { operator, operators } from '../../../ops/registry.js'
import { aligned, shapeBeforeExpand } from '../shape-before-expand.js'
import { type Call, type Rule, given, integers, list, madeBy } from './rule.js'

/** The operators with a property. */
const those = (have: (operator: Operator) => boolean): readonly string[] =>
  operators.filter(have).map(({ name }) => name)

/** What an Expand copies; the value itself where it is none. */
function source(value: Value | null): Value | null {
  const node = madeBy(value, 'Expand')
  return node ? source(given(node.inputs, 0)) : value
}

const isExpanded = (value: Value | null): boolean => madeBy(value, 'Expand') !== undefined

/** Broadcasting does what an Expand of an operand does, without the copy; what is left of it comes after. */
const expandedOperand: Rule = {
  ops: those(({ broadcasts }) => broadcasts === 0),
  rewrite: (call) =>
    call.inputs.some(isExpanded) ? withoutExpand(call, call.inputs.map(source)) : undefined,
}

/** Stacks of matrices broadcast likewise; an Expand of the matrices themselves stays. */
const expandedStack: Rule = {
  ops: those(({ broadcasts }) => broadcasts === 2),
  rewrite: (call) =>
    call.inputs.some(isExpanded) ? withoutExpand(call, call.inputs.map(stackSource)) : undefined,
}

function stackSource(value: Value | null): Value | null {
  const x = source(value)
  if (!x || !value || x.type.shape.length < 2) return value
  return sameShape(x.type.shape.slice(-2), value.type.shape.slice(-2)) ? x : value
}

function withoutExpand(
  { b, node, inputs, type }: Call,
  sources: readonly (Value | null)[],
): Value | undefined {
  if (sources.every((v, k) => v === inputs[k])) return undefined
  return b.expand(b.op(node.op, sources, node.attributes), type.shape)
}

const expand: Rule = {
  ops: ['Expand'],
  rewrite({ b, inputs, type }) {
    const x = given(inputs, 0)
    if (sameShape(x.type.shape, type.shape)) return x
    const inner = source(x)
    return inner && inner !== x ? b.expand(inner, type.shape) : undefined
  },
}

/** A change of shape before the copying instead of after it, where no axis that grew is merged with one that did not. */
const reshapeOfExpand: Rule = {
  ops: ['Reshape'],
  rewrite({ b, inputs, type }) {
    const x = given(inputs, 0)
    const inner = source(x)
    if (!inner || inner === x) return undefined
    const shape = shapeBeforeExpand(aligned(inner, x.type.shape), x.type.shape, type.shape)
    return shape && b.expand(b.reshape(inner, shape), type.shape)
  },
}

const transposeOfExpand: Rule = {
  ops: ['Transpose'],
  rewrite({ b, node, inputs, type }) {
    const x = given(inputs, 0)
    const inner = source(x)
    if (!inner || inner === x) return undefined
    return b.expand(
      b.transpose(b.reshape(inner, aligned(inner, x.type.shape)), list(node, 'perm')),
      type.shape,
    )
  },
}

/** Summing copies is a product with their number; a mean, maximum or minimum of copies is the value. */
const reducedCopies: Rule = {
  ops: those(({ reduces }) => reduces !== undefined),
  rewrite({ b, node, inputs, type }) {
    const x = given(inputs, 0)
    const inner = source(x)
    if (!inner || inner === x) return undefined
    const shape = aligned(inner, x.type.shape)
    const axes = reducedAxes(x, inputs[1])
    if (!axes) return undefined
    const copied = axes.filter((a) => shape[a] === 1 && x.type.shape[a] !== 1)
    if (copied.length === 0) return undefined
    const rest = axes.filter((a) => !copied.includes(a))
    const padded = b.reshape(inner, shape)
    const reduced = rest.length === 0 ? padded : reduce(b, node, padded, rest)
    const count =
      operator(node.op).reduces === 'sum' ? elementCount(copied.map((a) => x.type.shape[a] ?? 1)) : 1
    const kept = x.type.shape.map((d, a) => (axes.includes(a) ? 1 : d))
    return b.reshape(b.expand(b.scale(reduced, count), kept), type.shape)
  },
}

/** The axes over which a reduction runs, not negative; undefined where they are no constant. */
function reducedAxes(x: Value, operand: Value | null | undefined): readonly number[] | undefined {
  const rank = x.type.shape.length
  const axes = operand ? integers(operand) : []
  return axes?.length === 0 ? x.type.shape.map((_, a) => a) : axes?.map((a) => (a < 0 ? a + rank : a))
}

const reduce = (b: Builder, node: Node, x: Value, axes: readonly number[]): Value =>
  b.op(node.op, [x, b.ints(axes)], { keepdims: 1 })

/** Reductions over axes of size 1 move no data. */
const emptyReduction: Rule = {
  ops: those(({ reduces }) => reduces !== undefined),
  rewrite({ b, inputs, type }) {
    const x = given(inputs, 0)
    const axes = reducedAxes(x, inputs[1])
    return axes?.every((a) => x.type.shape[a] === 1) ? b.reshape(x, type.shape) : undefined
  },
}

export const broadcast: readonly Rule[] = [
  expandedOperand,
  expandedStack,
  expand,
  reshapeOfExpand,
  transposeOfExpand,
  reducedCopies,
  emptyReduction,
]
