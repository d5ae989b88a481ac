import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { targets } from '../../src/targets/registry.js'
import { eliminateDead } from '../../src/compiler/passes/eliminate-dead.js'
import { foldConstants } from '../../src/compiler/passes/fold-constants.js'
import { fuseMatmul } from '../../src/compiler/passes/fuse-matmul.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { optimize } from '../../src/compiler/7-optimize/index.js'
import { mergeCommon } from '../../src/compiler/passes/merge-common.js'
import { pushRepeats } from '../../src/compiler/passes/push-repeats/index.js'
import { simplify } from '../../src/compiler/passes/simplify/index.js'
import { sumRows } from '../../src/compiler/passes/sum-rows.js'
import { Builder } from '../../src/graph/builder.js'
import { Draft, type Graph, type Node, type Value, constantOf, producer } from '../../src/graph/graph.js'
import { hash } from '../../src/graph/hash.js'
import { print } from '../../src/graph/print.js'
import { tensor } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { randomFeeds } from '../emit/profile.js'
import { difference, outputsOf } from './compare.js'
import { randomGraph } from './random-graph.js'

const context = {}
const graphs = 60

async function changeOf(before: Graph, after: Graph): Promise<number> {
  const feeds = randomFeeds(before)
  return difference(await outputsOf(before, feeds), await outputsOf(after, feeds))
}

describe('a pass keeps what random graphs compute on onnxruntime with its optimiser off', () => {
  for (const pass of [
    foldConstants,
    eliminateDead,
    mergeCommon,
    simplify,
    fuseMatmul,
    pushRepeats,
    sumRows,
  ]) {
    it(pass.name, { timeout: 300_000 }, async () => {
      let changed = 0
      for (let seed = 0; seed < graphs; seed++) {
        const before = randomGraph(seed)
        const result = pass.run(before, context)
        assertValid(result.graph)
        changed += result.changed
        const worst = await changeOf(before, result.graph)
        expect(worst, `seed ${seed}`).toBeLessThan(2e-5)
      }
      expect(changed).toBeGreaterThan(8)
    })
  }

  it.each(targets)('all of $name, in their order', { timeout: 300_000 }, async (target) => {
    for (let seed = 1000; seed < 1000 + graphs; seed++) {
      const before = randomGraph(seed)
      const after = optimize(optimizeForward(before, target, context).graph, target, context).graph
      assertValid(after)
      expect(await changeOf(before, after), `seed ${seed}`).toBeLessThan(2e-5)
    }
  })

  it('gives the same graph as one series of rewrites, which leave the graph that they began with alone', () => {
    let fed = 0
    for (let seed = 2000; seed < 2000 + graphs; seed++) {
      const before = randomGraph(seed)
      const text = print(before)
      const apart = optimize(optimizeForward(before, cpu, context).graph, cpu, context).graph
      const draft = new CountingDraft()
      const series = { ...context, draft }
      const together = optimize(optimizeForward(before, cpu, series).graph, cpu, series).graph
      assertValid(together)
      expect(hash(together), `seed ${seed}`).toBe(hash(apart))
      expect(print(before)).toBe(text)
      fed += draft.fed
    }
    expect(fed).toBeGreaterThan(50)
  })
})

class CountingDraft extends Draft {
  fed = 0

  override feed(node: Node, inputs: Node['inputs']): void {
    super.feed(node, inputs)
    this.fed++
  }
}

describe('fold-constants', () => {
  it('computes the same mask of two layers once', () => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [2, 3] })
    const [row, column] = [
      [1, 2, 3],
      [10, 20],
    ].map((data) => b.constant(tensor('f32', [data.length], data)))
    const mask = (): Value => b.op('Add', [row as Value, b.reshape(column as Value, [2, 1])])
    const layers = [b.mul(x, mask()), b.sub(x, mask())]
    const folded = foldConstants.run(
      b.finish(
        'layers',
        layers.map((value, i) => ({ name: `y${i}`, value })),
      ),
      context,
    )
    const [first, second] = folded.graph.outputs.map((o) => producer(o.value)?.inputs[1])
    expect(first).toBe(second)
    expect([...(constantOf(first)?.data ?? [])]).toEqual([11, 12, 13, 21, 22, 23])
    expect(folded.changed).toBe(4)
  })
})

describe('the lists of passes', () => {
  it('hold every pass behind those that it requires', () => {
    for (const list of targets.flatMap(({ passes }) => [passes.forward, passes.step])) {
      list.forEach((pass, at) => {
        const before = list.slice(0, at).map((p) => p.name)
        expect(pass.requires.filter((name) => !before.includes(name))).toEqual([])
      })
    }
  })
})
