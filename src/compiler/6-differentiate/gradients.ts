import { type Diagnostic, UserError } from '../../diagnostics/diagnostic.js'
import { notDifferentiable } from '../../diagnostics/catalogue/gradient.js'
import type { Builder } from '../../graph/builder.js'
import { type Node, type Value } from '../../graph/graph.js'
import { captured, nodesBehind, operands } from '../../graph/rewrite.js'
import { isFloat, sameShape } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'

/** A value to differentiate, and the cotangent to start from; ones when absent. */
export interface Seed {
  readonly value: Value
  readonly cotangent?: Value
}

/**
 * Reverse mode: the gradient of the seeds (each weighted by its cotangent, summed) with respect to each target, as
 * new nodes of `b`; null where no path leads. Cotangents are built only for values on a path from a target to a
 * seed. The rules stand in the operators; summing what flows along several ways, summing down what was broadcast
 * and converting element types happens here, for all of them.
 */
export function gradients(
  b: Builder,
  seeds: readonly Seed[],
  targets: readonly Value[],
): readonly (Value | null)[] {
  const { path, nodes } = pathsBetween(targets, nodesBehind(seeds.map((s) => s.value)))
  const cotangents = new Map<Value, Value>()
  const flow = (into: Value, cotangent: Value): void => {
    const fitted = fit(b, cotangent, into)
    const sum = cotangents.get(into)
    cotangents.set(into, sum ? b.add(sum, fitted) : fitted)
  }

  const span = b.span
  for (const { value, cotangent } of seeds) {
    if (path.has(value)) flow(value, cotangent ?? b.expand(b.scalar(1, value.type.dtype), value.type.shape))
  }
  for (const node of nodes.toReversed()) {
    const arriving = node.outputs.map((v) => (path.has(v) ? (cotangents.get(v) ?? null) : null))
    if (arriving.every((c) => c === null)) continue
    b.span = node.span
    const thunks = rulesOf(b, node, arriving, path)
    node.inputs.forEach((input, i) => {
      const cotangent = input && path.has(input) ? thunks[i]?.() : undefined
      if (input && cotangent) flow(input, cotangent)
    })
  }
  b.span = span
  return targets.map((target) => cotangents.get(target) ?? null)
}

/** The values from which a gradient flows, from `ends` back to where the targets come in, and what is in its way. */
export interface Flow {
  readonly reached: ReadonlySet<Value>
  /** Nodes on the way that have no derivative, in execution order. */
  readonly barriers: readonly Node[]
}

/** Where the gradient of `ends` with respect to the targets would flow; nothing is built. `behind` computes the ends. */
export function flowBetween(
  targets: readonly Value[],
  ends: readonly Value[],
  behind: readonly Node[] = nodesBehind(ends),
): Flow {
  const { path, nodes } = pathsBetween(targets, behind)
  const reached = new Set<Value>(ends.filter((v) => path.has(v)))
  const passed = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((v) => reached.has(v))) return false
    for (const v of operands(node)) if (path.has(v)) reached.add(v)
    return true
  })
  return { reached, barriers: passed.filter((node) => barrier(node, path) !== undefined).reverse() }
}

/**
 * The values that depend on a target, as far as gradients follow, among those that the nodes behind the ends make; and
 * the nodes that make them, in execution order.
 */
function pathsBetween(
  targets: readonly Value[],
  behind: readonly Node[],
): { readonly path: ReadonlySet<Value>; readonly nodes: readonly Node[] } {
  const path = new Set<Value>(targets.filter((t) => isFloat(t.type.dtype)))
  const nodes: Node[] = []
  for (const node of behind) {
    if (operator(node.op).derivative.kind === 'zero' || !operands(node).some((v) => path.has(v))) continue
    nodes.push(node)
    for (const output of node.outputs) if (isFloat(output.type.dtype)) path.add(output)
  }
  return { path, nodes }
}

/** The thunks of a node's rule; a user's error where there is none. */
function rulesOf(
  b: Builder,
  node: Node,
  cotangents: readonly (Value | null)[],
  path: ReadonlySet<Value>,
): readonly (null | (() => Value))[] {
  if (barrier(node, path) !== undefined) throw new UserError(barrierProblem(node))
  const { derivative } = operator(node.op)
  const [first] = node.outputs
  if (derivative.kind !== 'rule' || !first) return []
  const cotangent = cotangents[0] ?? b.zerosLike(first)
  // Rules read absent optional inputs by position only after testing for them, so the nulls may stay in the list.
  const inputs = node.inputs as readonly Value[]
  return derivative.rule({ b, node, inputs, outputs: node.outputs, cotangent, cotangents })
}

/** Why no gradient passes a node on the path, if none does. */
function barrier(node: Node, path?: ReadonlySet<Value>): string | undefined {
  const { derivative } = operator(node.op)
  if (derivative.kind === 'none') return derivative.reason
  const inside = node.bodies.some((body) => captured(body.graph).some((v) => path?.has(v) ?? true))
  return inside ? 'its body uses the value from outside' : undefined
}

/** What a user is told of a node that no gradient passes. */
export function barrierProblem(node: Node): Diagnostic {
  if (!node.span) throw new Error(`no gradient through ${node.op}, and the node has no place in a source`)
  return notDifferentiable(node.span, { operator: node.op, reason: barrier(node) ?? '' })
}

/** A cotangent in the element type and shape of the value that it belongs to. */
function fit(b: Builder, cotangent: Value, value: Value): Value {
  const { dtype, shape } = value.type
  const cast = b.cast(cotangent, dtype)
  const from = cast.type.shape
  if (sameShape(from, shape)) return cast
  const extra = from.length - shape.length
  const axes = from.flatMap((d, axis) =>
    axis < extra || (d !== 1 && shape[axis - extra] === 1) ? [axis] : [],
  )
  return b.expand(b.reshape(b.sum(cast, axes), restored(from, shape, axes)), shape)
}

/** What is left of `from` without `axes`, with the axes of size 1 that `shape` keeps. */
function restored(
  from: readonly number[],
  shape: readonly number[],
  axes: readonly number[],
): readonly number[] {
  const extra = from.length - shape.length
  if (extra < 0) return from
  return from.flatMap((d, axis) => (axis < extra ? [] : [axes.includes(axis) ? 1 : d]))
}
