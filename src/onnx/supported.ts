import { findComposite, findOperator } from '../ops/registry.js'
import type { FileNode } from './file-node.js'
import { OnnxProblem } from './problem.js'
import { hasRewrite } from './rewrites/index.js'

/** Throws with all nodes whose operators are not there. */
export function checkSupported(nodes: readonly FileNode[]): void {
  const lines = unsupportedNodes(nodes).map(({ what, domain }) =>
    domain === '' ? what : `${what} of domain "${domain}"`,
  )
  if (lines.length > 0) throw new OnnxProblem('unsupported', [...new Set(lines)])
}

const unsupportedNodes = (nodes: readonly FileNode[]): readonly FileNode[] =>
  nodes.flatMap((node) => [
    ...(isSupported(node) ? [] : [node]),
    ...[...node.bodies.values()].flatMap((body) => unsupportedNodes(body.nodes)),
  ])

export function isSupported({ op, domain }: Pick<FileNode, 'op' | 'domain'>): boolean {
  // Nested graphs are not read.
  if (op === 'Loop') return false
  if (domain === '' && (op === 'If' || hasRewrite(op))) return true
  // Operators of our own are no part of any file.
  if (domain === 'dcrc') return false
  return findOperator(op)?.domain === domain || (domain === '' && findComposite(op) !== undefined)
}
