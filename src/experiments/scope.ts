import type { Scope } from '../report/scope.js'
import type { Results } from './results.js'

/** What a report says of an experiment beside its runs; `missing` are sentences about those that gave nothing. */
export function scopeOf({ experiment, measured, statistics }: Results, missing: readonly string[]): Scope {
  const { seeds, variants, primary } = experiment
  const power = measured.columns.flatMap(({ group, label }, c) => {
    const found = statistics.slice(1).flatMap((row) => row[c] ?? [])
    if (primary.length > 0 && !found.some((one) => one.primary)) return []
    const smallest = found.flatMap(({ difference }) => difference?.detectable ?? [])
    return smallest.length === 0 ? [] : [{ metric: `${group} ${label}`, detectable: Math.max(...smallest) }]
  })
  return {
    seeds: seeds.length,
    power,
    missing,
    differences: variants.map(({ label, difference }) => ({ label, declarations: difference })),
  }
}
