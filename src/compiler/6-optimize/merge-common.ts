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
    const made = new Map<Builder, Map<string, readonly Value[]>>()
    const constants = new Map<number, Value>()
    const tableOf = (b: Builder): Map<string, readonly Value[]> => {
      const table = made.get(b) ?? new Map<string, readonly Value[]>()
      made.set(b, table)
      return table
    }
    return {
      leaf(value) {
        if (value.source.kind !== 'constant') return undefined
        const number = numbering.of(value)
        const known = constants.get(number) ?? value
        constants.set(number, known)
        return known
      },
      node(node, inputs, copier) {
        if (!comparable(node)) return undefined
        const { b } = copier
        const key = numbering.key(node, inputs)
        const known = tableOf(b).get(key)
        if (known) findings.changed++
        const outputs = known ?? copier.keep(node, inputs)
        if (!known) {
          tableOf(b).set(key, outputs)
          numbering.name(outputs, key)
        }
        return outputs
      },
      after(value, b) {
        const node = producer(value)
        if (!node || !comparable(node) || value.source.kind !== 'node') return value
        const key = numbering.key(node, node.inputs)
        const known = tableOf(b).get(key)
        if (!known) tableOf(b).set(key, node.outputs)
        const merged = known?.[value.source.output] ?? value
        if (merged !== value) findings.changed++
        return merged
      },
    }
  },
)
