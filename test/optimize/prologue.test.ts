import { describe, expect, it } from 'vitest'
import { splitPrologue } from '../../src/compiler/7-optimize/prologue.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { assertValid } from '../../src/graph/verify.js'
import * as ort from '../../src/runtime/onnxruntime.js'
import { randomFeeds } from '../emit/profile.js'
import { difference, outputsOf, parametersAsInputs } from './compare.js'

const inputNames = (graph: Graph): string[] =>
  graph.inputs.map((v) => (v.source.kind === 'input' ? v.source.name : ''))

const hasParameter = (graph: Graph, path: string): boolean =>
  graph.nodes.some((n) => n.inputs.some((v) => v?.source.kind === 'parameter' && v.source.path === path))

/** x @ tanh(p @ p) + q: the product of frozen weights is static, q is read as it is. */
function graphOf(name: string): Graph {
  const b = new Builder()
  const x = b.input('x', { dtype: 'f32', shape: [2, 80] })
  const p = b.parameter('m', 'p', { dtype: 'f32', shape: [80, 80] })
  const q = b.parameter('m', 'q', { dtype: 'f32', shape: [80] })
  const weight = b.op('Tanh', [b.matmul(p, p)])
  const y = b.add(b.matmul(x, weight), b.expand(q, [2, 80]))
  return b.finish(name, [{ name: 'y', value: y }])
}

describe('the prologue', () => {
  it('computes what needs frozen parameters alone, once for all graphs of a stage', () => {
    const { graphs, prologue } = splitPrologue([graphOf('step'), graphOf('monitored')])
    expect(graphs.map(inputNames)).toEqual([
      ['x', 'prologue/0'],
      ['x', 'prologue/0'],
    ])
    expect(prologue?.nodes.map((n) => n.op)).toEqual(['MatMul', 'Tanh'])
    expect(prologue?.outputs.map((o) => o.name)).toEqual(['prologue/0'])
    for (const graph of [...graphs, prologue as Graph]) assertValid(graph)
  })

  it('leaves parameters that are read as they are, and copies by Expand, in the step', () => {
    const [step] = splitPrologue([graphOf('step')]).graphs
    expect(step?.nodes.map((n) => n.op)).toEqual(['MatMul', 'Expand', 'Add'])
    expect(step && hasParameter(step, 'q')).toBe(true)
    expect(step && hasParameter(step, 'p')).toBe(false)
  })

  it('gives the step the values that it would have computed', async () => {
    const whole = parametersAsInputs(graphOf('step'))
    const split = splitPrologue([graphOf('step')])
    const feeds = randomFeeds(whole)
    const expected = await outputsOf(whole, feeds)
    const prologue = parametersAsInputs(split.prologue as Graph)
    const [values] = (await outputsOf(prologue, feeds)).values()
    const hoisted = new ort.Tensor('float32', Float32Array.from(values ?? []), [80, 80])
    const step = parametersAsInputs(split.graphs[0] as Graph)
    expect(difference(expected, await outputsOf(step, { ...feeds, 'prologue/0': hoisted }))).toBeLessThan(
      1e-6,
    )
  })

  it('is absent where everything depends on data, draws or state, or is too small to matter', () => {
    const b = new Builder()
    const x: Value = b.input('x', { dtype: 'f32', shape: [2] })
    const small = b.op('Tanh', [b.parameter('m', 'p', { dtype: 'f32', shape: [2] })])
    const { graphs, prologue } = splitPrologue([b.finish('step', [{ name: 'y', value: b.add(x, small) }])])
    expect(prologue).toBeNull()
    expect(graphs[0] && inputNames(graphs[0])).toEqual(['x'])
  })
})
