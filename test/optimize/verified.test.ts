import { expect, it } from 'vitest'
import type { Pass } from '../../src/compiler/passes/pass.js'
import { runPasses } from '../../src/compiler/passes/run.js'
import { matrix } from '../graph/graphs.js'
import { Builder } from '../../src/graph/builder.js'

/** A pass whose nodes are left out of the graph. */
const forgetful: Pass = {
  name: 'forgetful',
  doc: '',
  requires: [],
  run: (graph) => ({ graph: { ...graph, nodes: graph.nodes.slice(1) }, changed: 1, refusals: [] }),
}

it('a pass that gives an illegal graph is named, in all tests', () => {
  const b = new Builder()
  const y = b.op('Tanh', [b.op('Exp', [b.input('x', matrix)])])
  const graph = b.finish('g', [{ name: 'y', value: y }])
  expect(() => runPasses([forgetful], graph, {})).toThrow(
    /^illegal graph behind forgetful\n.* reads a value of Exp that is not defined before/,
  )
})
