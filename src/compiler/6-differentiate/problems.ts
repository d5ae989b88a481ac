import { type Diagnostic, UserError } from '../../diagnostics/diagnostic.js'
import { unreachableParameter, unreachableTarget } from '../../diagnostics/catalogue/gradient.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Graph, Node, Value } from '../../graph/graph.js'
import { parametersBehind } from '../../graph/parameters.js'
import { findNodes, nodesBehind } from '../../graph/rewrite.js'
import { lossOf } from '../../graph/roles.js'
import { once } from '../../once.js'
import { formatType } from '../../graph/types.js'
import { type LoweredUpdate, type TrainedParameter, fullName } from '../4-lower/lowered.js'
import { isPartial } from '../4-lower/gradient-objective.js'
import { expandGradients, isGradient } from './expand.js'
import type { Target } from '../../targets/target.js'
import { gradientsInF16 } from './gradients-in-f16.js'
import { barrierProblem, flowBetween } from './gradients.js'

/**
 * Everything that differentiating an update would complain about, at a small part of its cost: `check` needs no
 * derivative. An update without problems can be differentiated.
 */
export const updateProblems = (update: LoweredUpdate, target: Target): readonly Diagnostic[] =>
  problems(update.graph, target, (graph) => [trainingOf(update, graph)])

/** The same for a graph that trains nothing: an evaluation's. */
export const gradientProblems = (graph: Graph, target: Target): readonly Diagnostic[] =>
  problems(graph, target, () => [])

/** The error of an update that trains what its loss cannot reach. */
export const unreachableTrained = (update: LoweredUpdate, trained: readonly TrainedParameter[]): Diagnostic =>
  unreachableParameter(update.groups[trained[0]?.group ?? 0]?.span ?? update.span, {
    paths: trained.map((t) => `${t.model}.${t.path}`),
  })

/** A derivative that is wanted somewhere. */
interface Wanted {
  readonly loss: Value
  /** The nodes that compute it. */
  readonly behind: readonly Node[]
  readonly targets: readonly Value[]
  readonly span: Span
  /** What to say when only these values are reached. */
  readonly missing: (reached: ReadonlySet<Value>) => readonly Diagnostic[]
}

function problems(
  graph: Graph,
  target: Target,
  more: (graph: Graph) => readonly Wanted[],
): readonly Diagnostic[] {
  const gradients = findNodes(graph, isGradient).map(gradientOf)
  const wanted = [...gradients, ...more(graph)]
  const flows = wanted.map(({ loss, behind, targets }) => flowBetween(targets, [loss], behind))
  // The derivative of a gradient depends on the nodes that compute it.
  if (flows.some((flow) => flow.barriers.some(isGradient))) {
    const expanded = attempt(() => expandGradients(graph))
    return 'nodes' in expanded ? problems(expanded, target, more) : [expanded]
  }
  return wanted.flatMap(({ behind, span, missing }, i) => {
    const flow = flows[i]
    if (!flow) return []
    const narrow = gradientsInF16(behind, flow.reached, target, span)
    return [...flow.barriers.map(barrierProblem), ...missing(flow.reached), ...narrow]
  })
}

function gradientOf(node: Node): Wanted {
  const [loss, ...targets] = node.inputs.filter((v) => v !== null)
  const { span } = node
  if (!loss || !span) throw new Error('a Gradient node without a loss, or without a place in a source')
  const behind = nodesBehind([loss])
  const read = once(() => parametersRead(loss, behind))
  const copies = targets.map((target) => copiesOf(target, read))
  return {
    loss,
    behind,
    targets: copies.flat(),
    span,
    missing: (reached) => {
      const beyond = targets.filter((_, i) => !copies[i]?.some((v) => reached.has(v)))
      if (isPartial(node)) beyond.length = beyond.length < targets.length ? 0 : 1
      return beyond.map(({ type }) => unreachableTarget(span, { type: formatType(type) }))
    },
  }
}

function trainingOf(update: LoweredUpdate, graph: Graph): Wanted {
  const loss = lossOf(graph)
  if (!loss) throw new Error(`${fullName(update)} has no loss`)
  const behind = nodesBehind([loss])
  const read = parametersRead(loss, behind)
  const copies = update.trained.map((t) => read.get(`${t.model}/${t.path}`) ?? [])
  return {
    loss,
    behind,
    targets: copies.flat(),
    span: update.span,
    missing: (reached) => {
      const beyond = update.trained.filter((_, i) => !copies[i]?.some((v) => reached.has(v)))
      return beyond.length > 0 ? [unreachableTrained(update, beyond)] : []
    },
  }
}

/** A lowered graph may hold several values for one parameter; a gradient counts all of them. */
function copiesOf(target: Value, read: () => ReadonlyMap<string, readonly Value[]>): readonly Value[] {
  const { source } = target
  if (source.kind !== 'parameter') return [target]
  return read().get(`${source.model}/${source.path}`) ?? []
}

/** The parameters that a value is computed from, by model and path. */
function parametersRead(value: Value, behind: readonly Node[]): ReadonlyMap<string, readonly Value[]> {
  const found = new Map<string, Value[]>()
  for (const parameter of parametersBehind([value], behind)) {
    const { model, path } = parameter.source
    found.set(`${model}/${path}`, [...(found.get(`${model}/${path}`) ?? []), parameter])
  }
  return found
}

function attempt(expand: () => Graph): Graph | Diagnostic {
  try {
    return expand()
  } catch (error) {
    if (error instanceof UserError) return error.diagnostic
    throw error
  }
}
