import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Figures, KeptFigures } from '../compiler/plan/kept.js'
import { openCache, planCache } from '../cache.js'
import { programFile } from './program-code.js'
import { replaceFile } from './replace-file.js'

/** A project keeps no more plans than this; the oldest go. */
const most = 100

/**
 * The figures of plans that a project has made, and of those that the build made: a plan at full size takes seconds, and
 * most plans ask for stages that were planned before. Another build finds none of them, and a program that is
 * not built keeps none. A cache that cannot be read or written is none.
 */
export function keptFigures(root: string, program: string = programFile): KeptFigures | undefined {
  if (!existsSync(program)) return undefined
  const build = createHash('sha256').update(readFileSync(program)).digest('hex').slice(0, 12)
  const nameOf = (key: string): string => `${build}.${key}.json`
  return {
    read: (key) =>
      readFrom(planCache(root), nameOf(key)) ?? readFrom(planCache(dirname(program)), nameOf(key)),
    write: (key, figures) => writeTo(planCache(root), nameOf(key), figures),
  }
}

function readFrom(folder: string, name: string): Figures | undefined {
  try {
    const found = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Partial<Figures> | null
    const { conversions, stages } = found ?? {}
    return Array.isArray(conversions) && Array.isArray(stages) ? { conversions, stages } : undefined
  } catch {
    return undefined
  }
}

function writeTo(folder: string, name: string, figures: Figures): void {
  try {
    replaceFile(join(openCache(folder), name), JSON.stringify(figures))
    removeOldest(folder)
  } catch {
    // the plan is made all the same
  }
}

function removeOldest(folder: string): void {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  if (files.length <= most) return
  const byAge = files.map((name) => ({ path: join(folder, name), age: statSync(join(folder, name)).mtimeMs }))
  for (const { path } of byAge.toSorted((a, b) => b.age - a.age).slice(most)) rmSync(path, { force: true })
}
