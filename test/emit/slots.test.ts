import { describe, expect, it } from 'vitest'
import { layOut } from '../../src/compiler/8-schedule/layout.js'
import { MostOf } from '../../src/compiler/8-schedule/most-of.js'
import { executionOrder } from '../../src/compiler/8-schedule/order.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { operands } from '../../src/graph/rewrite.js'
import { byteSize } from '../../src/graph/types.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { randomGraph } from '../optimize/random-graph.js'
import { mlpStep } from './graphs.js'
import { quickstartStep } from './quickstart-step.js'

/*
 * Aim: where results take memory one after the other, holding it from the first to the last costs nothing, counted here
 * by hand; and most of them do, since the time that a session takes to be made grows with the memory that nothing takes
 * again, times the number of results.
 */

/** The most memory when each piece of it is held from the first result in it to the last; how many pieces and results. */
function held(given: Graph): {
  readonly most: number
  readonly peak: number
  readonly pieces: number
  readonly results: number
} {
  const { graph, places: placesOf, liveness } = layOut(given)
  const places = placesOf()
  const order = executionOrder(graph)
  const spans = new Map<Value, { readonly from: number; to: number }>()
  order.forEach((node, now) => {
    for (const value of [...operands(node), ...node.outputs]) {
      const place = places.get(value)
      if (!place) continue
      const span = spans.get(place) ?? { from: now, to: now }
      span.to = now
      spans.set(place, span)
    }
  })
  for (const { value } of graph.outputs) {
    const span = spans.get(places.get(value) ?? value)
    if (span) span.to = order.length
  }
  const changes = new Float64Array(order.length + 2)
  for (const [place, { from, to }] of spans) {
    changes[from] = (changes[from] ?? 0) + byteSize(place.type)
    changes[to + 1] = (changes[to + 1] ?? 0) - byteSize(place.type)
  }
  let now = 0
  const most = changes.reduce((sum, change) => Math.max(sum, (now += change)), 0)
  return { most, peak: liveness.peak, pieces: spans.size, results: places.size }
}

describe('results that take memory one after the other', () => {
  it('hold no more than the peak, in random graphs', () => {
    for (let seed = 0; seed < 60; seed++) {
      const { most, peak } = held(randomGraph(seed))
      expect(most, `seed ${seed}`).toBeLessThanOrEqual(peak)
    }
  })

  it('hold no more than the peak in steps, and need few pieces of memory', () => {
    for (const graph of [mlpStep({ layers: 6, batch: 512, width: 32 }), quickstartStep()]) {
      const { most, peak, pieces, results } = held(graph)
      expect(most).toBeLessThanOrEqual(peak)
      expect(pieces).toBeLessThan(results / 3)
    }
  })

  it('find the most of numbers in a row as a loop does', () => {
    const random = new SampleRandom(5)
    const numbers = Float64Array.from({ length: 37 }, () => random.int(0, 50))
    const most = new MostOf(numbers)
    for (let k = 0; k < 500; k++) {
      const from = random.int(0, 36)
      const to = random.int(from, 37)
      const amount = random.int(0, 9)
      expect(most.between(from, to)).toBe(Math.max(...numbers.subarray(from, to)))
      most.add(from, to, amount)
      for (let i = from; i < to; i++) numbers[i] = (numbers[i] ?? 0) + amount
    }
  })
})
