import { describe, expect, it } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import {
  type Attributes,
  type Graph,
  type Node,
  type Value,
  bodiesOf,
  isGraph,
} from '../../src/graph/graph.js'
import { type TensorType, scalar, tensor } from '../../src/graph/types.js'
import { assertValid, verify } from '../../src/graph/verify.js'
import { loopGraph, matrix } from './graphs.js'

const complaints = (graph: Graph): string =>
  verify(graph)
    .map((p) => `${p.at}: ${p.message}`)
    .join('\n')

/** A graph by hand, free of the builder's checks. */
function chain(change: (parts: { x: Value; first: Node; second: Node }) => Partial<Graph>): Graph {
  const b = new Builder()
  const x = b.input('x', matrix)
  const y = b.op('Tanh', [x])
  const graph = b.finish('chain', [{ name: 'z', value: b.op('MatMul', [y, y]) }])
  const [first, second] = graph.nodes
  if (!first || !second) throw new Error('two nodes')
  return { ...graph, ...change({ x, first, second }) }
}

/** A node and its outputs, under types of our choice. */
function handMade(
  op: string,
  inputs: readonly (Value | null)[],
  types: readonly TensorType[],
  attributes: Attributes = {},
): Node {
  const outputs: Value[] = []
  const node: Node = { id: 1000, op, inputs, outputs, attributes, bodies: bodiesOf(attributes) }
  types.forEach((type, output) =>
    outputs.push({ id: 1001 + output, type, source: { kind: 'node', node, output } }),
  )
  return node
}

const [z1] = [(node: Node) => [{ name: 'z', value: node.outputs[0] as Value }]]

describe('the verifier', () => {
  it('finds nothing wrong with legal graphs', () => {
    expect(verify(loopGraph())).toEqual([])
    expect(verify(chain(() => ({})))).toEqual([])
  })

  it('complains about a value that is read before it is made', () => {
    const graph = chain(({ first, second }) => ({ nodes: [second, first] }))
    expect(complaints(graph)).toContain(
      'chain node 0 (MatMul): input 0 reads a value of Tanh that is not defined before',
    )
  })

  it('complains about a missing node, also where only an output reads it', () => {
    expect(complaints(chain(({ first }) => ({ nodes: [first] })))).toBe(
      'chain: output z reads a value of MatMul that is not defined before',
    )
  })

  it('complains about the input of another graph', () => {
    expect(complaints(chain(() => ({ inputs: [] })))).toContain('reads the input x of another graph')
  })

  it('complains about inputs that are no inputs, stand twice or share a name', () => {
    const again: Value = { id: 99, type: matrix, source: { kind: 'input', name: 'x' } }
    expect(complaints(chain(({ x }) => ({ inputs: [x, again] })))).toContain('two inputs are named x')
    expect(complaints(chain(({ x }) => ({ inputs: [x, x] })))).toContain('an input stands in the graph twice')
    const constant = new Builder().scalar(1)
    expect(complaints(chain(({ x }) => ({ inputs: [x, constant] })))).toContain(
      'has the source kind constant',
    )
  })

  it('complains about output names that are empty or taken', () => {
    const graph = chain(({ first, second }) => ({
      outputs: [first, second, second].map((n, i) => ({
        name: i < 2 ? 'z' : '',
        value: n.outputs[0] as Value,
      })),
    }))
    expect(complaints(graph)).toContain('two outputs are named z')
    expect(complaints(graph)).toContain('an output has an empty name')
  })

  it('complains about a node that stands twice', () => {
    const graph = chain(({ first, second }) => ({ nodes: [first, first, second] }))
    expect(complaints(graph)).toContain('the node stands in the graph twice')
    expect(complaints(graph)).toContain('output 0 is defined twice')
  })

  it('complains about a type that is not what the operator says', () => {
    const wrong = chain(({ x }) => {
      const node = handMade('Tanh', [x], [{ dtype: 'f32', shape: [2, 3] }])
      return { nodes: [node], outputs: z1(node) }
    })
    expect(complaints(wrong)).toContain('output 0 is f32[2, 3], the operator gives f32[2, 2]')
    const otherDtype = chain(({ x }) => {
      const node = handMade('Tanh', [x], [{ dtype: 'f16', shape: [2, 2] }])
      return { nodes: [node], outputs: z1(node) }
    })
    expect(complaints(otherDtype)).toContain('output 0 is f16[2, 2]')
  })

  it('complains about operands that the operator refuses, and about too many outputs', () => {
    const refused = chain(({ x }) => {
      const node = handMade(
        'MatMul',
        [x, new Builder().constant(tensor('f32', [3, 2], [1, 2, 3, 4, 5, 6]))],
        [matrix],
      )
      return { nodes: [node], outputs: z1(node) }
    })
    expect(complaints(refused)).toContain("the operator's type rule fails")
    const many = chain(({ x }) => {
      const node = handMade('Tanh', [x], [matrix, matrix])
      return { nodes: [node], outputs: z1(node) }
    })
    expect(complaints(many)).toContain('2 outputs, the operator has 1')
  })

  it('complains about unknown operators and missing attributes', () => {
    const unknown = chain(({ x }) => {
      const node = handMade('Frobnicate', [x], [matrix])
      return { nodes: [node], outputs: z1(node) }
    })
    expect(complaints(unknown)).toBe('chain node 0 (Frobnicate): no such operator')
    const bare = chain(({ x }) => {
      const node = handMade('Softmax', [x], [matrix])
      return { nodes: [node], outputs: z1(node) }
    })
    expect(complaints(bare)).toContain('the attribute axis is missing')
  })

  it('complains about outputs that name another source', () => {
    const graph = chain(({ first, second }) => ({ nodes: [first, { ...second }] }))
    expect(complaints(graph)).toContain('output 0 does not name this node as its source')
  })

  it('complains about constants whose type, shape or data do not agree, and about impossible shapes', () => {
    const reading = (constant: Value): Graph =>
      chain(() => ({ nodes: [], outputs: [{ name: 'z', value: constant }] }))
    const one = scalar(1)
    const of = (t: typeof one, type: TensorType): Value => ({
      id: 7,
      type,
      source: { kind: 'constant', tensor: t },
    })
    expect(complaints(reading(of(one, { dtype: 'f32', shape: [1] })))).toContain(
      "the constant's type is not its tensor's",
    )
    expect(complaints(reading(of({ ...one, shape: [2] }, { dtype: 'f32', shape: [2] })))).toContain(
      'do not fill its shape',
    )
    expect(
      complaints(
        chain(({ x }) => ({
          inputs: [x, { id: 8, type: { dtype: 'f32', shape: [-1] }, source: { kind: 'input', name: 'n' } }],
        })),
      ),
    ).toContain('f32[-1] is no shape')
  })

  it('looks into nested graphs and names the way there', () => {
    const graph = loopGraph()
    const broken = { ...graph, nodes: graph.nodes.map((n) => (n.op === 'Loop' ? withoutNodes(n) : n)) }
    expect(complaints(broken)).toContain(
      'loop node 1 (Loop).body: output carried reads a value of Mul that is not defined before',
    )
  })

  it('does not let a value out of the nested graph that makes it', () => {
    const graph = loopGraph()
    const loop = graph.nodes.find((n) => n.op === 'Loop')
    const body = Object.values(loop?.attributes ?? {}).find(isGraph)
    const inside = body?.nodes[0]?.outputs[0] as Value
    const leaking = { ...graph, outputs: [...graph.outputs, { name: 'leak', value: inside }] }
    expect(complaints(leaking)).toContain('output leak reads a value of Exp that is not defined before')
  })

  it('throws all complaints where a legal graph is demanded', () => {
    expect(() => assertValid(loopGraph())).not.toThrow()
    expect(() => assertValid(chain(() => ({ inputs: [] })))).toThrow('reads the input x of another graph')
  })
})

/** A Loop whose body has lost its nodes; its outputs are made to name the new node. */
function withoutNodes(node: Node): Node {
  const attributes = Object.fromEntries(
    Object.entries(node.attributes).map(([name, a]) => [name, isGraph(a) ? { ...a, nodes: [] } : a]),
  )
  return { ...node, attributes, bodies: bodiesOf(attributes) }
}
