import { dataOf } from '../artefact/graphs-of.js'
import type { Manifest } from '../artefact/manifest.js'
import type { StageSpec } from '../artefact/stages.js'
import { openAllData } from '../runtime/open-data.js'
import { originsOf } from '../runtime/store/origins.js'
import { seriesKey, stageKeys } from '../runtime/store/stage-key.js'
import { type StageStore, type StoredStage, seriesIn } from '../runtime/store/stage-store.js'
import type { Cell } from './experiment.js'
import { nowhere } from '../faults/fault.js'

/** A stage that an experiment needs, once for all runs that have it. */
export interface StageNode {
  readonly key: string
  readonly stage: StageSpec
  /** The last step that is trained. */
  readonly steps: number
  /** The runs that have it; the first one trains it. */
  readonly cells: readonly [Cell, ...Cell[]]
  /** The keys of the stages that must have ended before. */
  readonly after: readonly string[]
  /** Whether the store holds it with all that its runs record. */
  readonly there: boolean
}

/** What cannot be known of keys because files are not there: contents of weights and data. */
export interface StageGraph {
  readonly nodes: readonly StageNode[]
  readonly absent: readonly string[]
}

/** The distinct stages of all runs, each after those that it follows from. */
export async function stageGraph(
  cells: readonly Cell[],
  manifestOf: (label: string) => Manifest,
  {
    root,
    steps,
    store,
  }: { readonly root: string; readonly steps: number | null; readonly store: StageStore },
): Promise<StageGraph> {
  const nodes = new Map<string, StageNode>()
  const absent = new Set<string>()
  const held = new Map<string, StoredStage | undefined>()
  const known = new Map<string, Awaited<ReturnType<typeof contentsOf>>>()
  for (const cell of cells) {
    const { label } = cell.variant
    const manifest = manifestOf(label)
    const contents = known.get(label) ?? (await contentsOf(manifest, root))
    known.set(label, contents)
    for (const name of contents.absent) absent.add(name)
    const stepsOf = (stage: StageSpec): number => Math.min(steps ?? stage.steps, stage.steps)
    const keys = stageKeys(manifest, { seed: cell.seed, steps: stepsOf, ...contents })
    for (const stage of manifest.stages) {
      const key = keys.get(stage.name) ?? ''
      const before = nodes.get(key)
      const stored = held.has(key) ? held.get(key) : store.find(key)
      held.set(key, stored)
      const there = stored !== undefined && seriesIn(stored, seriesKey(stage, manifest)) !== undefined
      if (before) nodes.set(key, { ...before, cells: [...before.cells, cell], there: before.there && there })
      else {
        const after = stage.after.flatMap((name) => keys.get(name) ?? [])
        nodes.set(key, { key, stage, steps: stepsOf(stage), cells: [cell], after, there })
      }
    }
  }
  return { nodes: [...nodes.values()], absent: [...absent] }
}

/** The keys of the stages of runs, by folder and stage; null where files that decide them are not there. */
export async function keysOf(
  cells: readonly Cell[],
  manifestOf: (label: string) => Manifest,
  given: Parameters<typeof stageGraph>[2],
): Promise<Readonly<Record<string, Readonly<Record<string, string>>>> | null> {
  const { nodes, absent } = await stageGraph(cells, manifestOf, given)
  if (absent.length > 0) return null
  const keys = new Map(cells.map(({ folder }) => [folder, new Map<string, string>()]))
  for (const { key, stage, cells: having } of nodes)
    for (const { folder } of having) keys.get(folder)?.set(stage.name, key)
  return Object.fromEntries([...keys].map(([folder, own]) => [folder, Object.fromEntries(own)]))
}

/** What is there of the files that a pipeline reads. */
async function contentsOf(manifest: Manifest, root: string) {
  const origins = await originsOf(manifest, root)
  const { data } = await openAllData(manifest, root, () => nowhere)
  const missing = [
    ...[...origins].flatMap(([name, contents]) => (contents ? [] : [name])),
    ...[...dataOf(manifest)].filter((name) => !data.has(name)),
  ]
  return {
    origins: new Map([...origins].map(([name, contents]) => [name, contents ?? ['absent']])),
    data: Object.fromEntries([...data].map(([name, { rows }]) => [name, rows.fingerprint])),
    absent: missing,
  }
}
