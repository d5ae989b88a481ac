import type { Span } from '../../diagnostics/diagnostic.js'

/**
 * Where a tree first gets higher than `most` nodes, or nothing. The phases after this one walk trees recursively, and
 * long chains of operators make high trees out of flat sources; so this one must not recurse.
 */
export function tooHigh(root: object, most: number): Span | undefined {
  const todo: { node: object; height: number }[] = [{ node: root, height: 0 }]
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { node, height } = next
    if ('span' in node && height > most) return node.span as Span
    const below = height + ('kind' in node ? 1 : 0)
    for (const [key, child] of Object.entries(node) as [string, unknown][]) {
      if (key !== 'span' && typeof child === 'object' && child !== null)
        todo.push({ node: child, height: below })
    }
  }
  return undefined
}
