import { describe, expect, it } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import { type Graph, type Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import {
  type Rewrite,
  captured,
  needed,
  nodesBehind,
  readOnce,
  operands,
  rewrite,
  slice,
} from '../../src/graph/rewrite.js'
import { type Tensor, scalar, tensor } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { loopGraph, matrix, nodesOf } from './graphs.js'

const values: Readonly<Record<string, Tensor>> = {
  x: tensor('f32', [2, 2], [1, -2, 3, 0.5]),
  s: tensor('f32', [2, 2], [0.1, 0.7, -0.4, 2]),
  'm/w': tensor('f32', [2, 2], [10, 20, 30, 40]),
}

/** The outputs of a graph by name. */
function outputs(graph: Graph): Record<string, readonly number[]> {
  assertValid(graph)
  const results = interpret(graph, ({ source }) => {
    const key =
      source.kind === 'input'
        ? source.name
        : source.kind === 'parameter'
          ? `${source.model}/${source.path}`
          : ''
    return values[key] as Tensor
  })
  return Object.fromEntries(graph.outputs.map((o, i) => [o.name, Array.from(results[i]?.data ?? [])]))
}

const ops = (graph: Graph): string[] => nodesOf(graph).map((n) => n.op)
const inputNames = (graph: Graph): string[] =>
  graph.inputs.map((v) => (v.source.kind === 'input' ? v.source.name : '?'))

/** A scalar in place of every Tanh. */
const one: Rewrite['node'] = (node, _, { b }) => (node.op === 'Tanh' ? [b.constant(scalar(1))] : undefined)

describe('rewriting a graph', () => {
  it('without rules keeps it, less what nothing needs', () => {
    const graph = loopGraph()
    const kept = rewrite(graph)
    expect(outputs(kept)).toEqual(outputs(graph))
    expect(ops(kept)).toEqual(['Tanh', 'Mul', 'Mul', 'Loop', 'Add'])
    const old = new Set(graph.nodes)
    // The body is made anew, and with it what reads its results.
    expect(kept.nodes.map((n) => old.has(n))).toEqual([true, false, false])
  })

  it('gives what it makes ids above all others, so that no two values have one', () => {
    const graph = rewrite(loopGraph(), {
      node: (node, inputs, { b }) => (node.op === 'Mul' ? [b.op('Sub', inputs)] : undefined),
    })
    const ids = nodesOf(graph).flatMap((n) => [n.id, ...n.outputs.map((v) => v.id)])
    expect(new Set(ids).size).toBe(ids.length)
    expect(ops(graph)).toEqual(['Tanh', 'Sub', 'Sub', 'Loop', 'Add'])
    assertValid(graph)
  })

  it('afresh copies it with its spans, and ids follow the order', () => {
    const graph = loopGraph()
    const copy = rewrite(graph, { afresh: true })
    expect(outputs(copy)).toEqual(outputs(graph))
    expect(ops(graph)).toEqual(['Tanh', 'Exp', 'Mul', 'Mul', 'Loop', 'Add'])
    expect(ops(copy)).toEqual(['Tanh', 'Mul', 'Mul', 'Loop', 'Add'])
    expect(copy.nodes.map((n) => n.span)).toEqual(graph.nodes.map((n) => n.span))
    const old = new Set(nodesOf(graph))
    expect(nodesOf(copy).some((n) => old.has(n))).toBe(false)
    const ids = copy.nodes.map((n) => n.id)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
  })

  it('to fewer outputs drops nodes and inputs that only the others need', () => {
    const b = new Builder()
    const [x, s] = [b.input('x', matrix), b.input('s', matrix)]
    const graph = b.finish('two', [
      { name: 'a', value: b.op('Tanh', [x]) },
      { name: 'b', value: b.op('Exp', [s]) },
    ])
    const sliced = rewrite(graph, { outputs: graph.outputs.slice(1) })
    expect(ops(sliced)).toEqual(['Exp'])
    expect(inputNames(sliced)).toEqual(['s'])
    expect(outputs(sliced)).toEqual({ b: outputs(graph)['b'] })
  })

  it('by slicing keeps the very nodes that the outputs need', () => {
    const graph = loopGraph()
    const sliced = slice(graph, graph.outputs.slice(0, 1))
    expect(sliced.nodes).toEqual(graph.nodes.slice(0, 2))
    expect(outputs(sliced)).toEqual({ y: outputs(graph)['y'] })
    const b = new Builder()
    const [x, s] = [b.input('x', matrix), b.input('s', matrix)]
    const two = b.finish('two', [
      { name: 'a', value: b.op('Tanh', [x]) },
      { name: 'b', value: b.op('Exp', [s]) },
    ])
    expect(inputNames(slice(two, two.outputs.slice(1)))).toEqual(['s'])
  })

  it('replaces a node outside a Loop for the bodies that capture it', () => {
    const graph = loopGraph(1)
    const changed = rewrite(graph, {
      node: (node, inputs, { b }) =>
        node.op === 'Tanh' ? [b.mul(inputs[0] as Value, b.scalar(2))] : undefined,
    })
    expect(ops(changed)).not.toContain('Tanh')
    const expected = values['x']?.data.map((x, i) => x * 2 * (values['s']?.data[i] ?? NaN) * 0.5)
    outputs(changed)['y']?.forEach((y, i) => expect(y).toBeCloseTo(expected?.[i] ?? NaN, 12))
  })

  it('replaces nodes inside a body, with the builder of the body', () => {
    const graph = loopGraph(2)
    const changed = rewrite(graph, {
      node: (node, inputs, { b }) => (node.op === 'Mul' ? [b.op('Add', inputs)] : undefined),
    })
    const expected = values['x']?.data.map((x, i) => x + 2 * (Math.tanh(values['s']?.data[i] ?? NaN) + 0.5))
    outputs(changed)['y']?.forEach((y, i) => expect(y).toBeCloseTo(expected?.[i] ?? NaN, 12))
  })

  it('replaces leaves: a parameter by an input, also where a body reads it', () => {
    const graph = loopGraph()
    const changed = rewrite(graph, {
      leaf: ({ source, type }, b) => (source.kind === 'parameter' ? b.input('m/w', type) : undefined),
    })
    expect(inputNames(changed)).toEqual(['x', 's', 'm/w'])
    expect(outputs(changed)).toEqual(outputs(graph))
  })

  it('makes inputs of the outermost graph for leaves that only a body reads', () => {
    const b = new Builder()
    const y = loop(b, 2, b.input('x', matrix), (body, v) =>
      body.op('Add', [v, b.parameter('m', 'w', matrix)]),
    )
    const graph = b.finish('outer', [{ name: 'y', value: y }])
    const changed = rewrite(graph, {
      leaf: ({ source, type }, at) => (source.kind === 'parameter' ? at.input('m/w', type) : undefined),
    })
    expect(inputNames(changed)).toEqual(['x', 'm/w'])
    expect(outputs(changed)).toEqual(outputs(graph))
  })

  it('makes one value of a parameter that the old graph made twice', () => {
    const b = new Builder()
    const graph = b.finish('twice', [
      { name: 'y', value: b.op('Add', [b.parameter('m', 'w', matrix), b.parameter('m', 'w', matrix)]) },
    ])
    const [node] = rewrite(graph).nodes
    expect(node?.inputs[0]).toBe(node?.inputs[1])
    expect(outputs(rewrite(graph))).toEqual(outputs(graph))
  })

  it('drops a node by giving its operand', () => {
    const b = new Builder()
    const y = b.op('Tanh', [b.op('Identity', [b.op('Identity', [b.input('x', matrix)])])])
    const graph = b.finish('identities', [{ name: 'y', value: y }])
    const changed = rewrite(graph, { node: (node, inputs) => (node.op === 'Identity' ? inputs : undefined) })
    expect(ops(changed)).toEqual(['Tanh'])
    expect(outputs(changed)).toEqual(outputs(graph))
  })

  it('refuses a replacement of another type', () => {
    expect(() => rewrite(loopGraph(), { node: one })).toThrow('f32[] cannot stand for f32[2, 2]')
  })

  it('copies a body inside a body, which reads values of both graphs around it', () => {
    const graph = nested()
    const copy = rewrite(graph)
    expect(outputs(copy)).toEqual(outputs(graph))
    // x + 2 * 3 * s
    const expected = values['x']?.data.map((x, i) => x + 6 * (values['s']?.data[i] ?? NaN))
    outputs(copy)['y']?.forEach((y, i) => expect(y).toBeCloseTo(expected?.[i] ?? NaN, 12))
  })
})

describe('questions about a graph', () => {
  it('what a nested graph captures', () => {
    const graph = loopGraph()
    const loop = graph.nodes.find((n) => n.op === 'Loop')
    const body = loop && loop.bodies[0]?.graph
    const outer = captured(body as Graph)
    expect(outer.map((v) => v.source.kind)).toEqual(['node', 'constant'])
    expect(operands(loop as NonNullable<typeof loop>)).toHaveLength(2 + 2)
    const deep = nested()
    const [outermost] = deep.nodes.flatMap((n) => n.bodies)
    expect(
      captured(outermost?.graph as Graph)
        .map((v) => v.source.kind)
        .sort(),
    ).toEqual(['constant', 'input'])
  })

  it('which values one node alone reads, a Loop for what its body captures', () => {
    const graph = loopGraph()
    const [tanh, loop] = graph.nodes.map((node) => node.outputs[0] as Value)
    const once = readOnce(graph)
    // an Add reads what the Loop gives, but so does the caller
    expect([tanh, loop].map((v) => once(v as Value))).toEqual([true, false])
    const inner = { ...graph, outputs: graph.outputs.filter((o) => o.value !== loop) }
    expect(readOnce(inner)(loop as Value)).toBe(true)
    const twice = { ...inner, nodes: [...inner.nodes, ...inner.nodes.slice(-1)] }
    expect(readOnce(twice)(loop as Value)).toBe(false)
  })

  it('what a value is computed from', () => {
    const graph = loopGraph()
    const [y] = graph.outputs
    const found = needed([y?.value as Value])
    const made = [...found].flatMap(({ source }) => (source.kind === 'node' ? [source.node] : []))
    const nodes = nodesBehind([y?.value as Value])
    expect(nodes.map((n) => n.op)).toEqual(['Tanh', 'Mul', 'Mul', 'Loop'])
    expect(new Set(made)).toEqual(new Set(nodes))
    expect(nodes).toEqual(nodesOf(graph).filter((node) => nodes.includes(node)))
  })
})

/** Applies `step` to a matrix `turns` times. */
function loop(at: Builder, turns: number, start: Value, step: (inner: Builder, v: Value) => Value): Value {
  const body = at.child()
  body.input('i', { dtype: 'i64', shape: [] })
  const go = body.input('go', { dtype: 'bool', shape: [] })
  const next = step(body, body.input('v', matrix))
  const graph = body.finish('body', [
    { name: 'go', value: go },
    { name: 'v', value: next },
  ])
  return at.op('Loop', [at.constant(tensor('i64', [], [turns])), null, start], { body: graph })
}

/** y = x, to which a Loop of 2 turns adds s in an inner Loop of 3 turns. */
function nested(): Graph {
  const b = new Builder()
  const [x, s] = [b.input('x', matrix), b.input('s', matrix)]
  const y = loop(b, 2, x, (outer, v) => loop(outer, 3, v, (inner, w) => inner.op('Add', [w, s])))
  return b.finish('nested', [{ name: 'y', value: y }])
}
