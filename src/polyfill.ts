/**
 * `Object.groupBy` and `Map.groupBy` for Node 20, which chevrotain 13 and vitest 4 use.
 * Import this module before chevrotain.
 */
function collect<K, T>(items: Iterable<T>, key: (item: T, index: number) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  let index = 0
  for (const item of items) {
    const k = key(item, index++)
    const group = groups.get(k)
    if (group) group.push(item)
    else groups.set(k, [item])
  }
  return groups
}

if (!('groupBy' in Object)) {
  Object.defineProperty(Object, 'groupBy', {
    value: <T>(items: Iterable<T>, key: (item: T, index: number) => PropertyKey) =>
      Object.assign(Object.create(null), Object.fromEntries(collect(items, key))) as object,
  })
}
if (!('groupBy' in Map)) Object.defineProperty(Map, 'groupBy', { value: collect })
