import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { expandGradients } from '../../src/compiler/6-differentiate/expand.js'
import { gradientProblems, updateProblems } from '../../src/compiler/6-differentiate/problems.js'
import { differentiate } from '../../src/compiler/6-differentiate/step.js'
import { type Diagnostic, UserError } from '../../src/diagnostics/diagnostic.js'
import { lossOutput } from '../../src/compiler/4-lower/gradient-objective.js'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { tensor } from '../../src/graph/types.js'
import { regression, regressionParameters, span, stageOf } from './stages.js'

const codes = (found: readonly Diagnostic[]): string[] => found.map((d) => d.code)
const at = (start: number) => ({ ...span, start })

/** x twice, in a Loop that no gradient passes. */
function iterated(b: Builder, x: Value): Value {
  const body = b.child()
  body.input('i', { dtype: 'i64', shape: [] })
  const go = body.input('go', { dtype: 'bool', shape: [] })
  const v = body.input('v', x.type)
  const graph = body.finish('body', [
    { name: 'go', value: go },
    { name: 'v', value: body.add(v, v) },
  ])
  return b.op('Loop', [b.constant(tensor('i64', [], [1])), null, x], { body: graph })
}

/** A model `net` of one vector, and the stage that trains it on a scalar. */
function stageWith(build: (b: Builder, w: Value) => Value) {
  const b = new Builder()
  b.span = span
  const w = b.parameter('net', 'w', { dtype: 'f32', shape: [3] })
  const loss = build(b, w)
  return stageOf(b.finish('train', [lossOutput(loss)]), {
    trained: [{ model: 'net', path: 'w', dtype: 'f32', shape: [3], group: 0 }],
  })
}

/** Trains on the sum of what becomes of a gradient. */
const penalty = (pass: (b: Builder, x: Value) => Value) =>
  stageWith((b, w) => {
    const inner = b.sum(b.mul(b.mul(w, w), w), [0])
    const g = b.op('Gradient', [inner, w])
    return b.sum(pass(b, g), [0])
  })

/** What a derivative complains about when it is built. */
function complaint(build: () => unknown): string | undefined {
  try {
    build()
    return undefined
  } catch (error) {
    return error instanceof UserError ? error.diagnostic.code : String(error)
  }
}

describe('problems found without a derivative', () => {
  it('are none where all can be differentiated', () => {
    const { b, loss } = regression(2)
    const stage = stageOf(b.finish('train', [lossOutput(loss)]), {
      trained: regressionParameters,
    })
    expect(updateProblems(stage, cpu)).toEqual([])
  })

  it('are all reported, each at its place, and building reports the first', () => {
    const b = new Builder()
    const [x, y] = [b.input('x', { dtype: 'f32', shape: [3] }), b.input('y', { dtype: 'f32', shape: [3] })]
    b.span = at(1)
    const through = iterated(b, x)
    b.span = at(2)
    const first = b.op('Gradient', [b.sum(through, [0]), x])
    b.span = at(3)
    const second = b.op('Gradient', [b.sum(b.mul(x, x), [0]), y])
    const graph = b.finish('g', [
      { name: 'first', value: first },
      { name: 'second', value: second },
    ])
    const found = gradientProblems(graph, cpu)
    expect(codes(found)).toEqual(['gradient/not-differentiable', 'gradient/unreachable'])
    expect(found.map((d) => d.span.start)).toEqual([1, 3])
    expect(complaint(() => expandGradients(graph))).toBe('gradient/not-differentiable')
  })

  it('do not include what stands beside the path', () => {
    const stage = stageWith((b, w) => {
      const beside = iterated(b, b.op('StopGradient', [w]))
      return b.sum(b.mul(w, beside), [0])
    })
    expect(updateProblems(stage, cpu)).toEqual([])
    expect(complaint(() => differentiate(stage, cpu))).toBeUndefined()
  })

  it('include those of the training of a stage', () => {
    const stage = stageWith((b, w) => b.sum(b.mul(w, iterated(b, w)), [0]))
    expect(codes(updateProblems(stage, cpu))).toEqual(['gradient/not-differentiable'])
    expect(complaint(() => differentiate(stage, cpu))).toBe('gradient/not-differentiable')
  })

  it('see through a gradient inside the loss', () => {
    const legal = penalty((b, g) => b.mul(g, g))
    expect(updateProblems(legal, cpu)).toEqual([])
    expect(complaint(() => differentiate(legal, cpu))).toBeUndefined()
    const blocked = penalty(iterated)
    expect(codes(updateProblems(blocked, cpu))).toEqual(['gradient/not-differentiable'])
    expect(complaint(() => differentiate(blocked, cpu))).toBe('gradient/not-differentiable')
  })

  it('count a parameter of which the graph holds several values once', () => {
    const stage = stageWith((b, w) => {
      const again = b.parameter('net', 'w', w.type)
      return b.sum(b.op('Gradient', [b.sum(b.mul(again, again), [0]), w]), [0])
    })
    expect(updateProblems(stage, cpu)).toEqual([])
    expect(complaint(() => differentiate(stage, cpu))).toBeUndefined()
  })
})
