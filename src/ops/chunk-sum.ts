import { type Attributes, type Graph, type Node, type Value, isGraph } from '../graph/graph.js'
import { scalar, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { at } from './_index.js'
import type { Operator } from './operator.js'

const chunkSum: Operator = {
  name: 'ChunkSum',
  domain: 'dcrc',
  doc: 'The sum of what `body` gives first, a scalar, for the chunks 0, 1, ..., `chunks` - 1 of rows. The body reads values of the graph around it, of those with rows the rows of its chunk. The inputs are the values whose gradient may be asked for; the other outputs of the body stand for them within it, in full or, where `axes` is not -1, for their rows along that axis. Phase 5 puts a Loop in its place.',
  infer(inputs, attributes) {
    const [share, ...locals] = chunkBody(attributes).outputs
    if (!share || locals.length !== inputs.length) throw new Error('ChunkSum: the body does not fit')
    return [share.value.type]
  },
  value(_, attributes, scope) {
    if (!scope) throw new Error('ChunkSum needs a scope to run its body')
    let sum = 0
    for (let k = 0; k < number(attributes, 'chunks'); k++) {
      const [share] = scope.run(chunkBody(attributes), [scalar(k, 'i64')])
      sum += share ? at(share.data, 0) : NaN
    }
    return [tensor('f32', [], [sum])]
  },
  derivative: { kind: 'none', reason: 'it must be expanded before it is differentiated' },
  narrow: 'none',
  /** Nothing of its own: the operators of its body count, once per chunk. */
  flops: () => 0,
  rows: (_, __, outputs) => outputs.map(() => 'coupled'),
  sample: (random) => ({
    inputs: [],
    attributes: { body: sampleBody(), chunks: random.int(1, 4), axes: [] },
  }),
}
export default chunkSum

/** The graph of one chunk. */
export function chunkBody(attributes: Attributes): Graph {
  const body = attributes['body']
  if (body === undefined || !isGraph(body)) throw new Error('ChunkSum has no body')
  return body
}

/** chunk -> the chunk's number, built by hand: the builder depends on this folder. */
function sampleBody(): Graph {
  const chunk: Value = {
    id: 0,
    type: { dtype: 'i64', shape: [] },
    source: { kind: 'input', name: 'chunk' },
  }
  const outputs: Value[] = []
  const node: Node = { id: 1, op: 'Cast', inputs: [chunk], outputs, attributes: { to: 'f32' }, bodies: [] }
  outputs.push({ id: 2, type: { dtype: 'f32', shape: [] }, source: { kind: 'node', node, output: 0 } })
  return {
    name: 'rows',
    inputs: [chunk],
    nodes: [node],
    outputs: outputs.map((value) => ({ name: 'share', value })),
  }
}
