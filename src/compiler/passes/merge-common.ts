import type { Builder } from '../../graph/builder.js'
import { type Value, producer } from '../../graph/graph.js'
import { Numbering, comparable } from './numbering.js'
import { localPass } from './pass.js'

/** Computes equal expressions once. */
export const mergeCommon = localPass(
  {
    name: 'merge-common',
    doc: 'Nodes of one graph with the same operator, attributes and operands become one; equal constants too. Nodes of different graphs (a body and what is around it) stay apart.',
    requires: [],
  },
  (findings) => {
    const numbering = new Numbering()
    const made = new Map<Builder, Map<number, readonly Value[]>>()
    const constants = new Map<number, Value>()
    const tableOf = (b: Builder): Map<number, readonly Value[]> => {
      const known = made.get(b)
      if (known) return known
      const table = new Map<number, readonly Value[]>()
      made.set(b, table)
      return table
    }
    return {
      leaf(value) {
        if (value.source.kind !== 'constant') return undefined
        const number = numbering.of(value)
        const known = constants.get(number)
        if (!known) constants.set(number, value)
        return known ?? value
      },
      node(node, inputs, copier) {
        if (!comparable(node)) return undefined
        const table = tableOf(copier.b)
        const number = numbering.ofNode(node, inputs)
        const known = table.get(number)
        if (known) {
          findings.changed++
          return known
        }
        const outputs = copier.keep(node, inputs)
        table.set(number, outputs)
        numbering.name(outputs, number)
        return outputs
      },
      after(value, b) {
        const node = producer(value)
        if (!node || !comparable(node) || value.source.kind !== 'node') return value
        const table = tableOf(b)
        const number = numbering.ofNode(node, node.inputs)
        const known = table.get(number)
        if (!known) table.set(number, node.outputs)
        const merged = known?.[value.source.output] ?? value
        if (merged !== value) findings.changed++
        return merged
      },
    }
  },
)
