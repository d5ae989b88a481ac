/** How often a value of a field stands in the rows. */
export interface ClassCount {
  readonly value: number
  /** What the number stands for, where the source says so. */
  readonly name: string | null
  readonly count: number
}

/** How often each value stands, in the order of the values; of named ones also those that no row has. */
export function balanceOf(values: Iterable<number>, names: readonly string[] = []): readonly ClassCount[] {
  const counts = new Map(names.map((_, value) => [value, 0]))
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([value, count]) => ({ value, name: names[value] ?? null, count }))
}
