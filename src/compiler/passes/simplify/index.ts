import type { Builder } from '../../../graph/builder.js'
import { type Node, type Value, producer } from '../../../graph/graph.js'
import { localPass } from '../pass.js'
import { arithmetic } from './arithmetic.js'
import { broadcast } from './broadcast.js'
import type { Rule } from './rule.js'
import { shapes } from './shapes.js'

const rules = new Map<string, Rule[]>()
for (const rule of [...shapes, ...broadcast, ...arithmetic]) {
  for (const op of rule.ops) rules.set(op, [...(rules.get(op) ?? []), rule])
}

/** A node that still changes after this many rules has rules that undo each other. */
const mostRules = 50

/** Removes work that moves or computes nothing. */
export const simplify = localPass(
  {
    name: 'simplify',
    doc: 'Local identities: changes of shape, transposes and casts that do nothing or undo each other, copies that broadcasting makes needless, arithmetic with neutral or nested constants.',
    requires: ['fold-constants'],
  },
  (findings) => ({
    node(node, inputs, { b }) {
      let value = apply(b, node, inputs)
      if (!value) return undefined
      // Operands are simple by now, so what a rule gives is simplified on the spot.
      for (let count = 0; count < mostRules; count++) {
        findings.changed++
        const made = producer(value)
        const next = made && apply(b, made, made.inputs)
        if (!next) return [value]
        value = next
      }
      throw new Error(`simplify: ${node.op} still changes after ${mostRules} rules`)
    },
  }),
)

function apply(b: Builder, node: Node, inputs: readonly (Value | null)[]): Value | undefined {
  const output = node.outputs[0]
  const applying = rules.get(node.op)
  if (!applying || !output || node.outputs.length !== 1) return undefined
  const call = { b, node, inputs, type: output.type }
  for (let i = 0; i < applying.length; i++) {
    const value = applying[i]?.rewrite(call)
    if (value) return value
  }
  return undefined
}
