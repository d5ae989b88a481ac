import { existsSync, mkdirSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { appendFileSync, readFileSync } from '../disk.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import type { MetricsLine } from './metrics-line.js'
import { isPart, writeWhole } from '../durable.js'
import { sha256 } from '../graph/sha256.js'
import { inside } from '../inside.js'
import { type EvaluationTable, sealedTable, tableIn } from '../report/evaluation-table.js'
import { RunUnreadable } from '../report/run-unreadable.js'
import { executorNames } from './executors/names.js'
import { seal, unseal } from '../sealed.js'
import { lockFile } from './run-lock.js'
import { type RunSources, sealedSources, sourcesFile, sourcesIn, textOf } from './run-sources.js'
import { substitutesSchema } from './substitutes.js'
import { sumSchema } from './sums.js'
import { csvOf } from './metrics-csv.js'
import {
  evaluationRecord,
  eventsFile,
  keptRecords,
  paramsRecord,
  startRecord,
  stepRecord,
  textRecord,
  withStart,
} from './tensorboard.js'
import { parsed } from '../json/parsed.js'

/** What a run began with; a resumed run must begin with the same. */
const runSchema = z.strictObject({
  version: z.literal(3),
  seed: z.int(),
  data: z.record(z.string(), z.string()),
  /** What had no files and was made up: where anything stands here, the run measures nothing. */
  random: substitutesSchema,
  /** Results are bit-equal under equal versions, processor and settings. */
  compiler: z.string(),
  onnxruntime: z.string(),
  node: z.string(),
  platform: z.string(),
  processor: z.string(),
  /** What ran the graphs at the start; a resumed run may use another, which gives the same bits. */
  executor: z.enum(executorNames),
  /** Sums of the initial values, which a resumed run reads. */
  initial: z.record(z.string(), sumSchema),
})
export type RunRecord = z.infer<typeof runSchema>

const exportedGraphs = ({ exports }: Manifest): readonly string[] =>
  exports.flatMap((spec) => (spec.kind === 'function' ? [spec.file] : []))

const placeSchema = z.object({ stage: z.string(), step: z.int() })
type Place = Readonly<z.infer<typeof placeSchema>>
const placeName = ({ stage, step }: Place): string => `${stage} ${step}`

const runFile = 'run.json'
/** What stands in a folder before `run.json` does. */
const ofStart = new Set([
  'manifest.json',
  sourcesFile,
  'graphs',
  eventsFile,
  'initial',
  'converted',
  lockFile,
])

const buffered = 250
const now = (): number => Date.now() / 1000

/** The folder of a run: names and formats of what lies in it. */
export class RunFolder {
  private lines: string[] = []
  private events: Uint8Array[] = []
  private flushed = 0
  private written: LinesSum = noLines
  /** The last step of each stage. */
  private readonly last = new Map<string, number>()

  constructor(readonly directory: string) {}

  path(...parts: readonly string[]): string {
    return inside(this.directory, ...parts)
  }

  /** Whether something else stands here than what a start left that was ended before there was a run. */
  get isTaken(): boolean {
    const names = this.names
    return this.isRun || names.some((name) => !ofStart.has(name) && !isPart(name))
  }

  /** Whether a run has begun here; `run.json` is written last. */
  get isRun(): boolean {
    return existsSync(this.path(runFile))
  }

  /** Links in the folder that lead out of it, with where they lead. */
  get linksOut(): ReadonlyMap<string, string> {
    const entries = readdirSync(this.directory, { recursive: true, withFileTypes: true })
    const links = entries.filter((entry) => entry.isSymbolicLink())
    const root = `${realpathSync(this.directory)}${sep}`
    return new Map(
      links.flatMap(({ parentPath, name }): [string, string][] => {
        const path = join(parentPath, name)
        const to = resolve(realpathSync(parentPath), readlinkSync(path))
        const real = existsSync(to) ? realpathSync(to) : to
        return real.startsWith(root) ? [] : [[path, to]]
      }),
    )
  }

  private get names(): readonly string[] {
    return existsSync(this.directory) ? readdirSync(this.directory) : []
  }

  /** Removes what a start left that was ended before there was a run: its values may follow from another seed. */
  clear(): void {
    for (const name of this.names)
      if (name !== lockFile && (ofStart.has(name) || isPart(name)))
        rmSync(this.path(name), { recursive: true, force: true })
  }

  /** From the moment on at which `run.json` stands, last of all, there is a run. */
  create(artefact: Artefact, record: RunRecord, sources: RunSources | undefined): void {
    mkdirSync(this.directory, { recursive: true })
    const texts = sources ? [textRecord(textOf(sources), now())] : []
    const params = paramsRecord({ ...artefact.manifest.params, seed: record.seed }, now())
    writeWhole(this.path(eventsFile), Buffer.concat([startRecord(now()), ...texts, params]))
    this.artefact = artefact
    this.sources = sources
    writeWhole(this.path(runFile), seal(record))
  }

  /** What is run: of its graphs those of exports are kept, so that these can be written again. */
  set artefact({ manifest, files }: Artefact) {
    for (const name of exportedGraphs(manifest)) {
      mkdirSync(this.path('graphs'), { recursive: true })
      writeWhole(this.path('graphs', name), files.get(name) ?? new Uint8Array())
    }
    writeWhole(this.path('manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  }

  /** Its text. */
  get manifestText(): string | undefined {
    return readText(this.path('manifest.json'))
  }

  /** What it was compiled from; undefined where that is not known. Throws RunUnreadable. */
  get sources(): RunSources | undefined {
    const file = this.path(sourcesFile)
    const text = readText(file)
    if (text === undefined) return undefined
    const sources = sourcesIn(text)
    if (sources) return sources
    throw new RunUnreadable(
      `${file} is not as it was written`,
      'remove it: it only shows what has changed in a pipeline',
    )
  }

  set sources(sources: RunSources | undefined) {
    if (sources) writeWhole(this.path(sourcesFile), sealedSources(sources))
    else rmSync(this.path(sourcesFile), { force: true })
  }

  /** The graphs of its exports, as they were compiled. Throws RunUnreadable. */
  exportGraphs(manifest: Manifest): ReadonlyMap<string, Uint8Array> {
    return new Map(
      exportedGraphs(manifest).map((name) => {
        const file = this.path('graphs', name)
        const bytes = existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined
        if (bytes && sha256(bytes) === manifest.files[name]) return [name, bytes]
        throw new RunUnreadable(
          bytes ? `${file} is not as it was written` : `${file} is not there`,
          '`dcrc run FILE --resume` on the folder of a run that has ended writes its exports from a graph that it compiles',
        )
      }),
    )
  }

  /** Removes what processes left that were killed while they wrote a file. */
  removeParts(): void {
    for (const entry of readdirSync(this.directory, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && isPart(entry.name)) rmSync(join(entry.parentPath, entry.name), { force: true })
  }

  get record(): RunRecord | undefined {
    const text = readText(this.path(runFile))
    if (text === undefined) return undefined
    const { data } = runSchema.safeParse(unseal(text))
    if (data) return data
    throw new RunUnreadable(
      `${this.path(runFile)} is not as it was written`,
      'it is of another version, or damaged: begin a new run',
    )
  }

  /** Lines are written in groups: `flush` before anything that tells how far the run is. */
  metrics(line: MetricsLine): void {
    this.last.set(line.stage, line.step)
    this.lines.push(`${JSON.stringify(line)}\n`)
    this.events.push(stepRecord(line, now()))
    if (performance.now() - this.flushed > buffered) this.flush()
  }

  flush(): void {
    if (this.lines.length > 0) {
      this.append('metrics.jsonl', this.lines.join(''))
      this.written = this.lines.reduce(withLine, this.written)
      this.append(eventsFile, Buffer.concat(this.events))
    }
    this.lines = []
    this.events = []
    this.flushed = performance.now()
  }

  /** The sum of all lines so far, which are written. */
  sum(): LinesSum {
    this.flush()
    return this.written
  }

  /** The files that lines are added to: a checkpoint is never ahead of them. */
  get logs(): readonly string[] {
    return ['metrics.jsonl', eventsFile].map((name) => this.path(name)).filter((file) => existsSync(file))
  }

  private append(name: string, content: string | Uint8Array): void {
    const file = this.path(name)
    appendFileSync(file, content)
  }

  /** All lines that are written. */
  readMetrics(): readonly MetricsLine[] {
    this.flush()
    const lines = (readText(this.path('metrics.jsonl')) ?? '').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as MetricsLine)
  }

  /** Whether the first lines are as they were written. */
  beginsWith({ lines, crc32: sum }: LinesSum): boolean {
    const text = readText(this.path('metrics.jsonl')) ?? ''
    return text.split('\n').slice(0, lines).reduce(withLine, noLines).crc32 === sum
  }

  /**
   * Drops the lines for which `keep` does not hold, and a last line that was cut off. Events that are lost or damaged are
   * made of the lines; whether any were.
   */
  truncateMetrics(keep: (place: Place) => boolean): boolean {
    const text = readText(this.path('metrics.jsonl')) ?? ''
    const kept = text.split('\n').filter((line) => {
      const { data } = placeSchema.safeParse(parsed(line))
      return data !== undefined && keep(data)
    })
    writeWhole(this.path('metrics.jsonl'), kept.map((line) => `${line}\n`).join(''))
    this.written = kept.reduce(withLine, noLines)
    const lines = kept.map((line) => JSON.parse(line) as MetricsLine)
    this.last.clear()
    for (const { stage, step } of lines) this.last.set(stage, step)
    const events = this.path(eventsFile)
    const file = existsSync(events) ? readFileSync(events) : new Uint8Array()
    const there = new Set<string>()
    const records = keptRecords(file, (place) => keep(place) && there.add(placeName(place)) !== undefined)
    const lost = lines.filter((line) => !there.has(placeName(line)))
    const again = lost.map((line) => stepRecord(line, now()))
    writeWhole(
      events,
      Buffer.concat([withStart(records, now()), ...again, ...this.recordsOf(this.evaluations)]),
    )
    return lost.length > 0
  }

  get evaluations(): EvaluationTable {
    const file = this.path('eval.json')
    const text = readText(file)
    if (text === undefined) return {}
    const table = tableIn(text)
    if (table) return table
    throw new RunUnreadable(
      `${file} is damaged: ${text.trim() === '' ? 'it is empty' : 'it is not as it was written'}`,
      'remove it and continue with --resume: what it held is measured again',
    )
  }

  /** What is new in the table goes into the events too; after a kill in between, `truncateMetrics` writes them anew. */
  set evaluations(table: EvaluationTable) {
    const before = this.evaluations
    writeWhole(this.path('eval.json'), sealedTable(table))
    const fresh = Object.entries(table).map(([moment, results]) => [
      moment,
      Object.fromEntries(Object.entries(results).filter(([name]) => !before[moment]?.[name])),
    ])
    const records = this.recordsOf(Object.fromEntries(fresh))
    this.flush()
    if (records.length > 0) this.append(eventsFile, Buffer.concat(records))
  }

  private recordsOf(table: EvaluationTable): readonly Uint8Array[] {
    return Object.entries(table).flatMap(([moment, results]) =>
      Object.entries(results).flatMap(([evaluation, metrics]) => {
        const step = Number(/-(\d+)$/.exec(moment)?.[1] ?? this.last.get(moment) ?? 0)
        return evaluationRecord({ evaluation, moment, step }, metrics, now()) ?? []
      }),
    )
  }

  /** The metrics as tables, one for each stage. */
  writeTables(): void {
    for (const [stage, text] of csvOf(this.readMetrics())) writeWhole(this.path(`metrics-${stage}.csv`), text)
  }
}

/** Of the first lines of metrics, but for what depends on time: equal runs have equal ones. */
export const linesSumSchema = z.strictObject({
  lines: z.int().nonnegative(),
  crc32: z.int().nonnegative(),
})
export type LinesSum = z.infer<typeof linesSumSchema>

const noLines: LinesSum = { lines: 0, crc32: 0 }

function withLine({ lines, crc32: sum }: LinesSum, line: string): LinesSum {
  const timeless = (key: string, value: unknown): unknown => (key.endsWith('_ms') ? undefined : value)
  return { lines: lines + 1, crc32: crc32(JSON.stringify(parsed(line), timeless) ?? '', sum) }
}

const readText = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') : undefined
