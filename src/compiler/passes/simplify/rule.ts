import type { Builder } from '../../../graph/builder.js'
import { type Node, type Value, constantOf, producer } from '../../../graph/graph.js'
import { sameShape, uniformValue } from '../../../graph/types.js'
import { ints } from '../../../ops/_types.js'

/**
 * A local rewrite: what stands in a node's place, given its new operands, or undefined where the rule does not apply.
 * It must compute the same values up to rounding and never more of them.
 */
export interface Rule {
  readonly ops: readonly string[]
  rewrite(call: Call): Value | undefined
}

export interface Call {
  readonly b: Builder
  readonly node: Node
  readonly inputs: readonly (Value | null)[]
  /** The type of the node's first output. */
  readonly type: Value['type']
}

/** An operand that the operator requires. */
export function given(inputs: readonly (Value | null)[], k: number): Value {
  const value = inputs[k]
  if (!value) throw new Error(`operand ${k} is missing`)
  return value
}

/** The node behind a value, if its operator is the one named. */
export function madeBy(value: Value | null | undefined, op: string): Node | undefined {
  const node = value ? producer(value) : undefined
  return node?.op === op ? node : undefined
}

/** A value under another shape; of one that is another's view already, a view of that one. */
export function reshaped(b: Builder, value: Value, shape: readonly number[]): Value {
  const view = sameShape(value.type.shape, shape) ? undefined : madeBy(value, 'Reshape')
  return b.reshape(view ? given(view.inputs, 0) : value, shape)
}

/** The number that a constant holds in every element. */
export function uniform(value: Value | null | undefined): number | undefined {
  const tensor = constantOf(value)
  return tensor && uniformValue(tensor)
}

/** The integers of a constant operand such as a shape or a list of axes. */
export function integers(value: Value | null | undefined): readonly number[] | undefined {
  const constant = constantOf(value)
  return constant && ints(constant)
}

/** An int attribute. */
export function int(node: Node, name: string, otherwise = 0): number {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : otherwise
}

/** A list attribute. */
export function list(node: Node, name: string): readonly number[] {
  const value = node.attributes[name]
  return Array.isArray(value) ? (value as readonly number[]) : []
}
