import type { IconName } from './icon-set.js'

/** A thing that every style draws. */
export interface Concept {
  /** Code points in hexadecimal, joined by `-`. */
  readonly points: string
  /** In words: `grinning face`. */
  readonly name: string
  readonly category: string
  /** The picture's name in each style. */
  readonly icons: readonly string[]
}

const words = (name: string): string => name.replaceAll('-', ' ')

/** The concepts that exist in all sets, ordered by code points; name and category are those of the first set. */
export function joinConcepts(sets: readonly ReadonlyMap<string, IconName>[]): Concept[] {
  const [first, ...others] = sets
  if (!first) return []
  return [...first]
    .filter(([points]) => others.every((set) => set.has(points)))
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([points, { name, category }]) => ({
      points,
      name: words(name),
      category,
      icons: sets.map((set) => set.get(points)?.name ?? name),
    }))
}

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [a, b].map((points) => points.split('-').map((part) => Number.parseInt(part, 16)))
  if (!left || !right) return 0
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
