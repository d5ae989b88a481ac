import type { PipelineItem } from '../1-parse/syntax.js'
import type { Program } from './program.js'

const known = new WeakMap<Program, ReadonlySet<string>>()

/** The params that a pipeline, a variant or an ablation of the program gives another value. */
export function variedParams(program: Program): ReadonlySet<string> {
  const names = known.get(program) ?? search(program)
  known.set(program, names)
  return names
}

function search({ files }: Program): ReadonlySet<string> {
  const names = new Set<string>()
  const overridden = (items: readonly PipelineItem[]): void => {
    for (const item of items) if (item.kind === 'param' && item.override) names.add(item.name.text)
  }
  for (const { declarations } of files.values())
    for (const d of declarations) {
      if (d.kind === 'pipeline') overridden(d.items)
      if (d.kind !== 'ablation') continue
      for (const entry of d.entries) {
        if (entry.kind === 'vary' || entry.kind === 'select') names.add(entry.param.text)
        else if (entry.kind === 'variant' && !('text' in entry.change)) overridden(entry.change)
      }
    }
  return names
}
