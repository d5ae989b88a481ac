import { Builder, idAfter } from '../../../graph/builder.js'
import type { Graph, Value } from '../../../graph/graph.js'
import { type ParameterValue, parametersBehind } from '../../../graph/parameters.js'
import { findNodes, rewrite, slice } from '../../../graph/rewrite.js'
import { lossOf } from '../../../graph/roles.js'
import { isFloat } from '../../../graph/types.js'
import { flowBetween } from '../../6-differentiate/gradients.js'
import { RegionBody, boundaryOf } from '../by-rows/body.js'
import type { MicroBatches, Pass, PassResult, Refusal } from '../pass.js'
import { type Part, type Parts, rowWiseParts } from './parts.js'
import { type Rounds, inRounds } from './rounds.js'

/**
 * A loss that couples the samples of a batch, without the activations of all samples at a time: what is computed
 * sample by sample (the features) runs in a Loop over micro-batches that keeps the features alone; the loss and its
 * gradient G by the features are computed from all of them; then each micro-batch runs again for its share of
 * S = sum(G * features), whose gradient by the parameters is that of the loss.
 * Source: Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", section 3.
 */
export const accumulateExact: Pass = {
  name: 'accumulate-exact',
  doc: 'Computes features in micro-batches, the loss from all of them, and each micro-batch again for its gradient.',
  requires: [],
  run(graph, { microBatches }) {
    if (!microBatches) return { graph, changed: 0, refusals: [] }
    const result = accumulate(slice(graph), microBatches)
    return 'reason' in result ? { graph, changed: 0, refusals: [result] } : result
  },
}

function accumulate(given: Graph, { rows, count, trained }: MicroBatches): PassResult | Refusal {
  const isTrained = (value: Value): value is ParameterValue =>
    value.source.kind === 'parameter' && trained.has(`${value.source.model}/${value.source.path}`)
  const partsOf = (graph: Graph, known: ReadonlyMap<Value, number> = new Map()): Parts => {
    const samples = graph.inputs.filter((v) => v.type.shape[0] === rows).map((v) => [v, 0] as const)
    return rowWiseParts(graph, rows, new Map([...samples, ...known]), isTrained)
  }
  const gradient = findNodes(given, ({ op }) => op === 'Gradient').find(({ inputs }) =>
    inputs.slice(1).some((v) => v && isTrained(v)),
  )
  if (gradient) return { node: gradient, reason: 'a gradient by parameters needs all samples at once' }

  // Differentiation goes by the numbers of nodes, which follow their order only afresh.
  const ordered = rewrite({ ...given, nodes: partsOf(given).order }, { afresh: true })
  const { frozen } = partsOf(ordered)
  const early =
    frozen && parametersBehind(frozen.results).size > 0
      ? inRounds(ordered, frozen, rows / count)
      : { graph: ordered, results: new Map<Value, Value>() }
  if ('reason' in early) return early
  const axes = [...early.results].map(([old, v]) => [v, frozen?.region.axes.get(old) ?? 0] as const)
  const { trained: part } = partsOf(early.graph, new Map(axes))
  const [first] = given.nodes
  if (!first) throw new Error('a loss is computed by something')
  if (!part) return { node: first, reason: 'nothing that is trained is computed sample by sample' }
  const late = inRounds(early.graph, part, rows / count, (b, v) =>
    isFloat(v.type.dtype) ? b.op('Anchor', [b.op('StopGradient', [v])]) : v,
  )
  if ('reason' in late) return late
  const graph = withGradients(late, part, { isTrained, count })
  return 'reason' in graph ? graph : { graph, changed: 1, refusals: [] }
}

/** The graph with a loss that passes gradients on to what computes the features, micro-batch by micro-batch. */
function withGradients(
  { graph, results: features, moved }: Rounds,
  { region }: Part,
  { isTrained, count }: { isTrained: (value: Value) => value is ParameterValue; count: number },
): Graph | Refusal {
  const b = new Builder({ next: idAfter(graph) })
  for (const input of graph.inputs) b.adoptInput(input)
  for (const node of graph.nodes) b.adopt(node)
  const loss = lossOf(graph)
  if (!loss) throw new Error('a stage has a loss')
  const { source } = loss
  b.span = source.kind === 'node' ? source.node.span : undefined

  const { reached } = flowBetween([...features.values()], [loss])
  const read = [...features].filter(([, v]) => reached.has(v))
  const cotangents = b
    .node('Gradient', [loss, ...read.map(([, v]) => v)])
    .map((g) => b.op('StopGradient', [g]))

  const boundary = boundaryOf(region).map(moved)
  const parameters = [...parametersBehind(boundary)].filter(isTrained)
  const differentiable = flowBetween(parameters, boundary).reached
  const body = new RegionBody(b, region, region.rows / count, {
    differentiable: new Set(boundary.filter((v) => differentiable.has(v))),
    outside: moved,
  })
  for (const [node, member] of region.members) {
    const reason = body.add(node, member)
    if (reason !== undefined) return { node, reason }
  }
  const shares = read.flatMap(([result], k): Value[] => {
    const [g, axis] = [cotangents[k], region.axes.get(result) ?? 0]
    if (!g) return []
    const product = body.b.mul(body.operand(g, axis), body.operand(result, axis))
    return [
      body.b.cast(
        body.b.sum(
          product,
          product.type.shape.map((_, i) => i),
        ),
        'f32',
      ),
    ]
  })
  const share = shares.reduce((sum, s) => body.b.add(sum, s))
  const { anchored } = body
  const chunk = body.b.finish('samples', [
    { name: 'share', value: share },
    ...anchored.map(({ local }, k) => ({ name: `local_${k}`, value: local })),
  ])
  const sum = b.op(
    'ChunkSum',
    anchored.map(({ value }) => value),
    { body: chunk, chunks: count, axes: anchored.map(({ axis }) => axis ?? -1) },
  )
  // Worth nothing; its gradient is what the features pass on.
  const passed = b.sub(sum, b.op('StopGradient', [sum]))
  const whole = b.add(loss, passed)
  return b.finish(
    graph.name,
    graph.outputs.map((o) => (o.role?.kind === 'loss' ? { ...o, value: whole } : o)),
  )
}
