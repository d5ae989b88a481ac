import { UserError } from '../../diagnostics/diagnostic.js'
import { unreachableTarget } from '../../diagnostics/catalogue/gradient.js'
import type { Builder } from '../../graph/builder.js'
import type { Draft, Graph, Node, Value } from '../../graph/graph.js'
import { type Copier, findNodes, rewrite, slice } from '../../graph/rewrite.js'
import { formatType } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import { isPartial } from '../4-lower/gradient-objective.js'
import { gradients } from './gradients.js'

/**
 * Replaces each `Gradient` node (inputs: the loss, then the targets; outputs: one gradient per target) by the nodes
 * that compute it. They are replaced in order, so the gradient of a gradient finds the first one in place.
 */
export const expandGradients = (graph: Graph): Graph =>
  findNodes(graph, isGradient).length === 0 ? graph : rewrite(graph, { afresh: true, node: expandGradient })

/** Asks for the gradient of a value. */
export const isGradient = ({ op }: Node): boolean => op === 'Gradient'

/** The rule of `expandGradients`, for those who copy a graph into a builder of their own. */
export function expandGradient(
  node: Node,
  inputs: readonly (Value | null)[],
  { b }: Copier,
): readonly Value[] | undefined {
  if (!isGradient(node)) return undefined
  const [, ...targets] = inputs.filter((v) => v !== null)
  return gradientsOf(node, inputs, b).map((found, i) => {
    const target = targets[i]
    if (!target) throw new Error('a gradient without a target')
    return found ?? b.zerosLike(target)
  })
}

/** The gradients that a `Gradient` node asks for; null for a part that is zero and may be. */
export function gradientsOf(
  node: Node,
  inputs: readonly (Value | null)[],
  b: Builder,
): readonly (Value | null)[] {
  const [loss, ...targets] = inputs.filter((v) => v !== null)
  if (!loss) throw new Error('a Gradient node without a loss')
  const found = gradients(b, [{ value: loss }], targets)
  const [target] = targets.filter((_, i) => !found[i])
  if (!target || (isPartial(node) && found.some((g) => g !== null))) return found
  if (!node.span) throw new Error('an unreachable target, and the Gradient node has no place in a source')
  throw new UserError(unreachableTarget(node.span, { type: formatType(target.type) }))
}

/** Drops the nodes that only steer gradients, once no derivative is left to take, and what nothing needs. */
export function dropMarkers(graph: Graph, draft?: Draft): Graph {
  if (findNodes(graph, isMarker).length === 0) return slice(graph)
  return rewrite(graph, {
    draft,
    node: (node, inputs) => (isMarker(node) ? inputs.slice(0, 1) : undefined),
  })
}

const isMarker = ({ op }: Node): boolean => operator(op).marker === true
