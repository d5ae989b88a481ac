import { flowBetween } from '../../6-differentiate/gradients.js'
import { type Graph, type Value } from '../../../graph/graph.js'
import { parametersBehind } from '../../../graph/parameters.js'
import { rewrite, slice } from '../../../graph/rewrite.js'
import { boundaryOf } from '../by-rows/body.js'
import type { Chunking, Pass, PassResult, Refusal } from '../pass.js'
import { pushed } from '../push-repeats/index.js'
import { buildBody } from './body.js'
import { type Region, findRegion } from './region.js'

/**
 * In the place of `push-repeats`, where a stage asks for it: the N * M pairs in chunks of rows; a sum over rows of what is computed row by row is the
 * sum over chunks of rows, so that one chunk's pairs stand in memory at a time. Phase 5 makes a Loop of it whose
 * rounds compute value and gradient.
 */
export const chunkPairs: Pass = {
  name: 'chunk-pairs',
  doc: 'Where the stage asks for it: pushes repeats, and computes a sum over the rows of pairs in chunks of rows.',
  requires: [],
  run(graph, { chunking }) {
    if (!chunking) return { graph, changed: 0, refusals: [] }
    const result = pushed(graph)
    const live = slice(result.graph)
    const region = findRegion(live, result)
    if (!region) return result
    const chunked = 'reason' in region ? region : chunk(live, region, chunking)
    return 'reason' in chunked ? { graph: live, changed: 0, refusals: [chunked] } : chunked
  },
}

function chunk(graph: Graph, region: Region, { rows, trained }: Chunking): PassResult | Refusal {
  const boundary = boundaryOf(region)
  const parameters = [...parametersBehind(boundary)].filter(({ source: { model, path } }) =>
    trained.has(`${model}/${path}`),
  )
  const { reached } = flowBetween(parameters, boundary)
  const differentiable = new Set<Value>(boundary.filter((v) => reached.has(v)))
  let refusal: Refusal | undefined
  const chunked = rewrite(graph, {
    node(node, _, { b }) {
      const [out] = node.outputs
      if (node !== region.exit || !out) return undefined
      const body = buildBody(b, region, rows, differentiable)
      if ('reason' in body) {
        refusal = body
        return undefined
      }
      b.span = node.span
      const attributes = { body: body.graph, chunks: region.rows / rows, axes: body.axes }
      return [b.reshape(b.op('ChunkSum', body.inputs, attributes), out.type.shape)]
    },
  })
  return refusal ?? { graph: slice(chunked), changed: 1, refusals: [] }
}
