import { findComposite, findOperator } from '../ops/registry.js'
import type { FileNode } from './file-node.js'
import { OnnxProblem } from './problem.js'
import { rewrites } from './rewrites/index.js'

/** Throws with all nodes whose operators are not there. */
export function checkSupported(nodes: readonly FileNode[]): void {
  const unknown = nodes.filter((n) => !isSupported(n))
  if (unknown.length === 0) return
  const lines = unknown.map(({ what, domain }) => (domain === '' ? what : `${what} of domain "${domain}"`))
  throw new OnnxProblem('unsupported', [...new Set(lines)])
}

export function isSupported({ op, domain }: Pick<FileNode, 'op' | 'domain'>): boolean {
  // Nested graphs are not read.
  if (op === 'Loop') return false
  if (domain === '' && Object.hasOwn(rewrites, op)) return true
  return findOperator(op)?.domain === domain || (domain === '' && findComposite(op) !== undefined)
}
