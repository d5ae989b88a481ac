import { createHash } from 'node:crypto'
import { array, assert, integer, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import type { Graph } from '../../src/graph/graph.js'
import { hash } from '../../src/graph/hash.js'
import { print } from '../../src/graph/print.js'
import { rewrite } from '../../src/graph/rewrite.js'
import { portableSha256, sha256 } from '../../src/graph/sha256.js'
import { type DType, tensor } from '../../src/graph/types.js'
import { loopGraph } from './graphs.js'

describe.each([
  ['sha256', sha256],
  ['portableSha256', portableSha256],
])('%s', (_, sha256) => {
  it('agrees with the platform on texts of all lengths', () => {
    for (let n = 0; n < 200; n++) {
      const text = 'äbc'.repeat(n).slice(0, n)
      expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
    }
    assert(
      property(array(integer({ min: 0, max: 0xd7ff }), { maxLength: 300 }), (units) => {
        const text = String.fromCharCode(...units)
        expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
      }),
    )
  })
})

interface Choices {
  readonly name?: string
  readonly input?: string
  readonly dtype?: DType
  readonly size?: number
  readonly op?: string
  readonly constant?: number
  readonly model?: string
  readonly path?: string
  readonly axis?: number
  readonly swapped?: boolean
  readonly output?: string
  readonly firstId?: number
  readonly start?: number
}

/** A small graph in which everything can be chosen. */
function graphOf(c: Choices = {}): Graph {
  const b = new Builder({ next: c.firstId ?? 0 })
  const type = { dtype: c.dtype ?? 'f32', shape: [2, c.size ?? 3] } as const
  const x = b.input(c.input ?? 'x', type)
  b.span = { file: 'a.dcr', start: c.start ?? 0, end: 9 }
  const w = b.parameter(c.model ?? 'm', c.path ?? 'w', type)
  const y = b.op(c.op ?? 'Tanh', [c.swapped ? w : x])
  const z = b.op('Add', [
    b.op('Add', [y, c.swapped ? x : w]),
    b.constant(tensor(type.dtype, [], [c.constant ?? 2])),
  ])
  const sum = b.op('Concat', [z, y], { axis: c.axis ?? 0 })
  return b.finish(c.name ?? 'g', [{ name: c.output ?? 'out', value: sum }])
}

/** A graph that reads a constant of 100 elements. */
function long(last: number): Graph {
  const b = new Builder()
  const data = Array.from({ length: 100 }, (_, i) => (i === 99 ? last : i))
  return b.finish('g', [{ name: 'y', value: b.op('Tanh', [b.constant(tensor('f32', [100], data))]) }])
}

describe('the hash of a graph', () => {
  it('does not see ids, spans or a copy', () => {
    const plain = hash(graphOf())
    expect(hash(graphOf({ firstId: 500, start: 77 }))).toBe(plain)
    expect(hash(rewrite(graphOf()))).toBe(plain)
    expect(plain).toMatch(/^[0-9a-f]{64}$/)
  })

  it('sees everything else', () => {
    const changes: Choices[] = [
      {},
      { name: 'h' },
      { input: 'x2' },
      { dtype: 'f64' },
      { size: 4 },
      { op: 'Sin' },
      { constant: 2.0000000001 },
      { constant: -0 },
      { constant: 0 },
      { model: 'n' },
      { path: 'v' },
      { axis: 1 },
      { swapped: true },
      { output: 'other' },
    ]
    expect(new Set(changes.map((c) => hash(graphOf(c)))).size).toBe(changes.length)
  })

  it('sees every element of a long constant, though the printed form cuts it short', () => {
    expect(print(long(1))).toBe(print(long(2)))
    expect(hash(long(1))).not.toBe(hash(long(2)))
  })

  it('sees nested graphs and what they capture', () => {
    const graph = loopGraph()
    expect(hash(rewrite(graph))).not.toBe(hash(graph)) // The body has lost its dead node.
    const clean = rewrite(graph)
    const half = rewrite(clean, {
      node: (node, inputs, { b }) => (node.op === 'Tanh' ? b.node('Sin', inputs) : undefined),
    })
    expect(hash(half)).not.toBe(hash(clean))
    const inside = rewrite(clean, {
      node: (node, inputs, { b }) => (node.op === 'Mul' ? [b.op('Add', inputs)] : undefined),
    })
    expect(hash(inside)).not.toBe(hash(clean))
  })
})

describe('the printed form', () => {
  it('reads like this', () => {
    expect(print(rewrite(loopGraph()))).toMatchInlineSnapshot(`
      "graph "loop" ("x" %0: f32[2, 2], "s" %1: f32[2, 2]) {
        %2: f32[2, 2] = Tanh(%1)
        %8: f32[2, 2] = Loop(i64[]{3}, _, %0) body=graph "body" ("i" %3: i64[], "go" %4: bool[], "carried" %5: f32[2, 2]) {
          %6: f32[2, 2] = Mul(%5, %2)
          %7: f32[2, 2] = Mul(%6, f32[]{0.5})
          return "go" = %4
          return "carried" = %7
        }
        %9: f32[2, 2] = Add(%8, "m/w": f32[2, 2])
        return "y" = %8
        return "z" = %9
      }
      "
    `)
  })

  it('shows spans where they are wanted, and undefined values where a graph is broken', () => {
    const graph = graphOf({ start: 4 })
    expect(print(graph, { spans: true })).toContain('Tanh(%0) @a.dcr:4-9')
    expect(print({ ...graph, nodes: graph.nodes.slice(1) })).toContain('%undefined')
  })
})
