import type { Attributes } from '../graph/graph.js'
import { findComposite, findOperator } from '../ops/registry.js'
import type { FileNode } from './file-node.js'
import { unsupported } from './problem.js'

/** The attributes of a node as our operator takes them. One that it does not know must not be lost silently. */
export function operatorAttributes({ op, attributes }: FileNode): Attributes {
  const definition = findOperator(op) ?? findComposite(op)
  const { attributes: known = {}, withoutDefault = [], choices = {}, ignored = {} } = definition ?? {}
  const taken: Record<string, number | string | readonly number[]> = {}
  for (const [name, value] of attributes) {
    if (typeof value === 'object' && !Array.isArray(value))
      return unsupported(`the attribute "${name}" is a tensor`)
    const plain = value as number | string | readonly number[]
    const accepted = Object.hasOwn(choices, name) ? choices[name] : undefined
    if (accepted && !accepted.includes(String(plain)))
      return unsupported(`the ${name} "${String(plain)}"; ${accepted.join(' and ')} are supported`)
    if (Object.hasOwn(known, name) || withoutDefault.includes(name)) taken[name] = plain
    else if (!near(plain, ignored[name])) return unsupported(`the attribute "${name}" = ${String(plain)}`)
  }
  return taken
}

const near = (value: unknown, wanted: number | string | undefined): boolean =>
  typeof value === 'number' && typeof wanted === 'number' ? Math.abs(value - wanted) < 1e-6 : value === wanted
