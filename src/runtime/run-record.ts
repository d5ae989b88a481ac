import { existsSync, readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { env } from './onnxruntime.js'
import { dataOfEvaluation, graphsOfEvaluation } from '../artefact/graphs-of.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import { changedSinceRun, folderTaken, nothingToResume } from '../diagnostics/catalogue/run.js'
import { linkOut } from '../diagnostics/catalogue/run-folder.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'
import { inside } from '../inside.js'
import { canonical } from '../json/canonical.js'
import type { EvaluationTable } from '../report/evaluation-table.js'
import { parseManifest } from './artefact.js'
import { listCheckpoints } from './checkpoint.js'
import { RunFolder, type RunRecord } from './run-folder.js'
import { type RunSources, changedLines, ownSources } from './run-sources.js'
import { differences } from './same-run.js'

interface Choice {
  readonly runDir?: string
  readonly resume?: boolean
  readonly seed?: number
  readonly texts?: RunSources
}

/** The folder to run in: a fresh one, or with `resume` one that holds a run. Throws UserError. */
export function chooseFolder(
  manifest: Manifest,
  root: string,
  { runDir, resume }: Choice,
  span: Span,
): RunFolder {
  const runs = inside(join(root, 'runs'), manifest.pipeline)
  if (resume) {
    const folder = runDir === undefined ? latest(runs) : new RunFolder(runDir)
    if (!folder?.isRun) {
      const missing = folder?.isTaken ? 'run.json' : undefined
      throw new UserError(nothingToResume(span, { folder: runDir ?? runs, missing }))
    }
    return folder
  }
  return new RunFolder(runDir ?? freshName(runs))
}

/** Throws UserError where a run cannot begin in a folder because something stands there. */
export function checkFresh(folder: RunFolder, span: Span): void {
  if (!folder.isTaken) return folder.clear()
  throw new UserError(folderTaken(span, { folder: folder.directory, resumable: folder.isRun }))
}

/**
 * What the run of a folder began with; what would be run now must go on to the same end, with what was measured by
 * evaluations that are as they were. Throws UserError.
 */
export function readRun(
  folder: RunFolder,
  artefact: Artefact,
  { seed, texts }: Choice,
  span: Span,
): RunRecord {
  const { manifest } = artefact
  const { record, manifestText: text, directory } = folder
  if (!record || text === undefined) {
    const missing = record ? 'manifest.json' : 'run.json'
    throw new UserError(nothingToResume(span, { folder: directory, missing }))
  }
  for (const [path, to] of folder.linksOut) throw new UserError(linkOut(span, { path, to }))
  const was = parseManifest(text, { file: folder.path('manifest.json'), start: 0, end: 0 })
  const wanted = seed ?? record.seed
  if (was.seed !== manifest.seed || wanted !== record.seed) {
    const [before, now] = was.seed === manifest.seed ? [record.seed, wanted] : [was.seed, manifest.seed]
    const seeds = { what: 'seed', was: `${before}`, is: `${now}` }
    throw new UserError(changedSinceRun(span, { folder: directory, ...seeds, others: [] }))
  }
  if (was.hash === manifest.hash) return record
  const reached = new Map<string, number>()
  for (const { stage, step } of listCheckpoints(folder).whole)
    reached.set(stage, Math.max(step, reached.get(stage) ?? 0))
  const [first, ...others] = differences(was, manifest, reached)
  const [before, now] = [folder.sources, ownSources(texts)]
  if (first) {
    const about = `${first.what} ${first.is}`
    const { added, gone } = before && now ? changedLines(before, now, about) : { added: undefined, gone: [] }
    throw new UserError(changedSinceRun(added ?? span, { folder: directory, ...first, others, gone }))
  }
  folder.evaluations = onlyUnchanged(folder.evaluations, was, manifest)
  folder.artefact = artefact
  folder.sources = now
  return record
}

/** Measurements of evaluations that are now others are made again where they can be. */
function onlyUnchanged(table: EvaluationTable, was: Manifest, now: Manifest): EvaluationTable {
  const facts = ({ evaluations, files, data }: Manifest, name: string): string => {
    const spec = evaluations.find((e) => e.name === name)
    if (!spec) return ''
    const read = dataOfEvaluation(spec)
    return canonical({
      spec,
      data: data.filter((d) => read.has(d.name)),
      files: graphsOfEvaluation(spec).map(({ file }) => files[file]),
    })
  }
  const kept = Object.entries(table).map(([moment, results]) => [
    moment,
    Object.fromEntries(Object.entries(results).filter(([name]) => facts(was, name) === facts(now, name))),
  ])
  return Object.fromEntries(kept)
}

export const environment = (
  manifest: Manifest,
  begun: Pick<RunRecord, 'seed' | 'data' | 'random' | 'initial' | 'executor'>,
): RunRecord => ({
  version: 3,
  ...begun,
  compiler: manifest.compiler,
  onnxruntime: env.versions.node ?? '',
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
  processor: cpus()[0]?.model ?? '',
})

/** The time, so that names sort by age. */
function freshName(runs: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const names = [time, ...Array.from({ length: 100 }, (_, i) => `${time}-${String(i + 2).padStart(2, '0')}`)]
  return join(runs, names.find((name) => !existsSync(join(runs, name))) ?? time)
}

function latest(runs: string): RunFolder | undefined {
  if (!existsSync(runs)) return undefined
  const folders = readdirSync(runs)
    .sort()
    .reverse()
    .map((name) => new RunFolder(join(runs, name)))
  return folders.find((folder) => folder.isRun)
}
