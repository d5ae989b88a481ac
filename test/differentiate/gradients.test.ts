import { describe, expect, it } from 'vitest'
import { expandGradients } from '../../src/compiler/6-differentiate/expand.js'
import { flowBetween, gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { UserError } from '../../src/diagnostics/diagnostic.js'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { type Tensor, tensor } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { run } from './run.js'
import { f32, span } from './stages.js'

const vector = (b: Builder, name: string, size = 3): Value => b.input(name, { dtype: 'f32', shape: [size] })

/** d loss / d targets on values for the inputs. */
function gradientOf(
  build: (b: Builder) => { loss: Value; targets: readonly Value[] },
  inputs: Readonly<Record<string, Tensor>>,
): (readonly number[] | null)[] {
  const b = new Builder()
  const { loss, targets } = build(b)
  const found = gradients(b, [{ value: loss }], targets)
  const graph = b.finish(
    'gradients',
    found.flatMap((value, i) => (value ? [{ name: `d${i}`, value }] : [])),
  )
  assertValid(graph)
  const results = run(graph, inputs)
  return found.map((value, i) => (value ? Array.from(results[`d${i}`]?.data ?? []) : null))
}

describe('the engine', () => {
  const x = f32([3], [1, 2, 3])

  it('adds up what flows along several ways', () => {
    const [d] = gradientOf(
      (b) => {
        const v = vector(b, 'x')
        return { loss: b.sum(b.add(b.mul(v, v), b.mul(v, b.exp(v))), [0]), targets: [v] }
      },
      { x },
    )
    // d (x^2 + x e^x) = 2x + (1 + x) e^x
    ;[1, 2, 3].forEach((v, i) => expect(d?.[i]).toBeCloseTo(2 * v + (1 + v) * Math.exp(v), 10))
  })

  it('sums down what was broadcast, leading axes and axes of size 1', () => {
    const found = gradientOf(
      (b) => {
        const [column, row] = [b.input('c', { dtype: 'f32', shape: [2, 1] }), vector(b, 'x')]
        return { loss: b.sum(b.mul(column, row), [0, 1]), targets: [column, row] }
      },
      { c: f32([2, 1], [10, 20]), x },
    )
    expect(found).toEqual([
      [6, 6],
      [30, 30, 30],
    ])
  })

  it('gives the gradient of a value between others, and of the loss itself', () => {
    const found = gradientOf(
      (b) => {
        const v = vector(b, 'x')
        const square = b.mul(v, v)
        const loss = b.sum(b.mul(square, square), [0])
        return { loss, targets: [v, square, loss] }
      },
      { x },
    )
    expect(found).toEqual([[4, 32, 108], [2, 8, 18], [1]])
  })

  it('weighs several outputs by their cotangents', () => {
    const b = new Builder()
    const v = vector(b, 'x')
    const [g] = gradients(
      b,
      [{ value: b.mul(v, v), cotangent: b.constant(f32([3], [1, 0, -1])) }, { value: v }],
      [v],
    )
    const graph = b.finish('g', [{ name: 'g', value: g as Value }])
    expect(Array.from(run(graph, { x })['g']?.data ?? [])).toEqual([3, 1, -5])
  })

  it('casts cotangents to the element type of their value', () => {
    const b = new Builder()
    const v = b.input('x', { dtype: 'f16', shape: [2] })
    const [g] = gradients(b, [{ value: b.sum(b.cast(v, 'f32'), [0]) }], [v])
    expect(g?.type).toEqual({ dtype: 'f16', shape: [2] })
  })

  it('is null where nothing depends on the target, and where only comparisons or integers do', () => {
    const found = gradientOf(
      (b) => {
        const [v, w, u, n] = [vector(b, 'x'), vector(b, 'w'), vector(b, 'u'), vector(b, 'n')]
        const chosen = b.where(b.op('Greater', [w, v]), v, b.scalar(0))
        const rounded = b.add(b.cast(b.cast(u, 'i64'), 'f32'), b.op('StopGradient', [n]))
        return { loss: b.sum(b.add(chosen, rounded), [0]), targets: [v, w, u, n] }
      },
      { x, w: f32([3], [0, 3, 4]), u: x, n: x },
    )
    expect(found).toEqual([[0, 1, 1], null, null, null])
  })

  it('builds nothing for values on no path to a target', () => {
    const b = new Builder()
    const [v, w] = [
      b.input('v', { dtype: 'f32', shape: [4, 4] }),
      b.input('w', { dtype: 'f32', shape: [4, 4] }),
    ]
    const frozen = b.op('Tanh', [b.matmul(w, w)])
    const loss = b.sum(b.matmul(frozen, v), [0, 1])
    const before = b.nodeCount
    gradients(b, [{ value: loss }], [v])
    const added = b.finish('g', []).nodes.slice(before)
    expect(added.filter((n) => ['MatMul', 'FusedMatMul', 'Gemm'].includes(n.op))).toHaveLength(1)
    expect(added.some((n) => n.inputs.some((i) => i === w))).toBe(false)
  })

  it('gives the nodes of a backward pass the place of their forward node', () => {
    const b = new Builder()
    const v = vector(b, 'x')
    b.span = span
    const y = b.op('Tanh', [v])
    b.span = { ...span, start: 30 }
    const loss = b.sum(y, [0])
    const before = b.nodeCount
    gradients(b, [{ value: loss }], [v])
    const spans = b
      .finish('g', [])
      .nodes.slice(before)
      .map((n) => n.span?.start)
    expect(spans.length).toBeGreaterThan(1)
    expect(spans.at(-1)).toBe(span.start)
    expect(b.span.start).toBe(30)
  })

  it('tells a user which operation has no gradient, at its place', () => {
    const b = new Builder()
    const v = vector(b, 'x')
    b.span = span
    const [values] = b.node('Loop', [b.constant(tensor('i64', [], [2])), null, v], { body: doubling(b) })
    const loss = b.sum(values as Value, [0])
    const attempt = (): unknown => gradients(b, [{ value: loss }], [v])
    expect(attempt).toThrow(UserError)
    expect(caught(attempt)).toMatchObject({ code: 'gradient/not-differentiable', span })
    // Where the value only passes beside it, the gradient exists.
    expect(gradients(b, [{ value: loss }], [b.input('other', { dtype: 'f32', shape: [3] })])).toEqual([null])
  })

  it('knows what a value depends on', () => {
    const b = new Builder()
    const [v, w, u] = [vector(b, 'v'), vector(b, 'w'), vector(b, 'u')]
    const loss = b.sum(b.add(b.mul(v, v), b.op('StopGradient', [w])), [0])
    const { reached, barriers } = flowBetween([v, w, u], [loss])
    expect([v, w, u].map((x) => reached.has(x))).toEqual([true, false, false])
    expect(barriers).toEqual([])
  })
})

describe('grad(...) in a graph', () => {
  it('is replaced by the gradient, and the gradient of a gradient by the second derivative', () => {
    const b = new Builder()
    const v = vector(b, 'x')
    b.span = span
    const loss = b.sum(b.mul(b.op('Sin', [v]), b.mul(v, v)), [0])
    const first = b.op('Gradient', [loss, v])
    const second = b.op('Gradient', [b.sum(b.mul(first, first), [0]), v])
    const graph = expandGradients(
      b.finish('g', [
        { name: 'first', value: first },
        { name: 'second', value: second },
      ]),
    )
    assertValid(graph)
    expect(graph.nodes.some((n) => n.op === 'Gradient')).toBe(false)
    const results = run(graph, { x: f32([3], [0.3, -1, 2]) })
    ;[0.3, -1, 2].forEach((t, i) => {
      const [s, c] = [Math.sin(t), Math.cos(t)]
      const d1 = c * t * t + 2 * t * s
      const d2 = -s * t * t + 4 * t * c + 2 * s
      expect(results['first']?.data[i]).toBeCloseTo(d1, 10)
      expect(results['second']?.data[i]).toBeCloseTo(2 * d1 * d2, 10)
    })
  })

  it('of a softmax cross-entropy has the Hessian diag(p) - p p^T', () => {
    const b = new Builder()
    const z = vector(b, 'z')
    const nll = b.neg(b.log(b.slice(b.op('Softmax', [z]), 0, 1, 2)))
    const g = b.op('Gradient', [b.reshape(nll, []), z])
    const hv = b.op('Gradient', [b.sum(b.mul(g, b.constant(f32([3], [1, -2, 0.5]))), [0]), z])
    const graph = expandGradients(b.finish('g', [{ name: 'hv', value: hv }]))
    const logits = [0.2, -0.4, 1.1]
    const total = logits.reduce((sum, l) => sum + Math.exp(l), 0)
    const p = logits.map((l) => Math.exp(l) / total)
    const direction = [1, -2, 0.5]
    const mean = direction.reduce((sum, d, i) => sum + d * (p[i] ?? 0), 0)
    const found = run(graph, { z: f32([3], logits) })['hv']?.data
    p.forEach((pi, i) => expect(found?.[i]).toBeCloseTo(pi * ((direction[i] ?? 0) - mean), 10))
  })

  it('with respect to a value that the loss does not read is an error at its place', () => {
    const b = new Builder()
    const [v, w] = [vector(b, 'x'), vector(b, 'w')]
    b.span = span
    const g = b.op('Gradient', [b.sum(b.mul(v, v), [0]), w])
    const graph = b.finish('g', [{ name: 'g', value: g }])
    expect(caught(() => expandGradients(graph))).toMatchObject({ code: 'gradient/unreachable', span })
  })
})

function caught(attempt: () => unknown): unknown {
  try {
    attempt()
  } catch (error) {
    return error instanceof UserError ? error.diagnostic : error
  }
  return undefined
}

/** A Loop body that doubles its carried vector. */
function doubling(b: Builder) {
  const body = b.child()
  body.input('i', { dtype: 'i64', shape: [] })
  const go = body.input('go', { dtype: 'bool', shape: [] })
  const x = body.input('x', { dtype: 'f32', shape: [3] })
  return body.finish('doubling', [
    { name: 'go', value: go },
    { name: 'x', value: body.add(x, x) },
  ])
}
