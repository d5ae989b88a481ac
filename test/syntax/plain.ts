/** A tree without its spans and texts: what two sources that mean the same have in common. */
export function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => key !== 'span' && value !== undefined)
      .map(([key, value]) => [key, plain(value)]),
  )
}
