import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { z } from 'zod'
import type { Json } from '../artefact/json.js'
import type { Manifest } from '../artefact/manifest.js'
import type { MetricsLine } from './metrics-line.js'
import { naming } from '../faults/system-fault.js'
import { inside } from '../inside.js'
import { RunUnreadable } from '../report/run-unreadable.js'
import { substitutesSchema } from './substitutes.js'
import { eventsFile, keptRecords, startRecord, stepRecord } from './tensorboard.js'

/** What a run began with; a resumed run must begin with the same. */
const runSchema = z.strictObject({
  version: z.literal(1),
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
})
export type RunRecord = z.infer<typeof runSchema>

const placeSchema = z.object({ stage: z.string(), step: z.int() })

/** Metrics by moment (`start` or a stage's name) and evaluation. */
export type EvaluationTable = Record<string, Record<string, Readonly<Record<string, Json>>>>

export const evaluationTable: z.ZodType<EvaluationTable> = z.record(
  z.string(),
  z.record(z.string(), z.record(z.string(), z.json())),
)

const buffered = 250
const now = (): number => Date.now() / 1000

/** The folder of a run: names and formats of what lies in it. */
export class RunFolder {
  private lines: string[] = []
  private events: Uint8Array[] = []
  private flushed = 0

  constructor(readonly directory: string) {}

  path(...parts: readonly string[]): string {
    return inside(this.directory, ...parts)
  }

  get isTaken(): boolean {
    return existsSync(this.directory) && readdirSync(this.directory).length > 0
  }

  create(manifest: Manifest, record: RunRecord): void {
    mkdirSync(this.directory, { recursive: true })
    writeWhole(this.path('run.json'), `${JSON.stringify(record, null, 2)}\n`)
    writeWhole(this.path('manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    writeWhole(this.path(eventsFile), startRecord(now()))
  }

  get manifest(): string | undefined {
    return readText(this.path('manifest.json'))
  }

  get record(): RunRecord | undefined {
    const text = readText(this.path('run.json'))
    return text === undefined ? undefined : runSchema.safeParse(parseJson(text)).data
  }

  /** Lines are written in groups: `flush` before anything that tells how far the run is. */
  metrics(line: MetricsLine): void {
    this.lines.push(`${JSON.stringify(line)}\n`)
    this.events.push(stepRecord(line, now()))
    if (performance.now() - this.flushed > buffered) this.flush()
  }

  flush(): void {
    if (this.lines.length > 0) {
      this.append('metrics.jsonl', this.lines.join(''))
      this.append(eventsFile, Buffer.concat(this.events))
    }
    this.lines = []
    this.events = []
    this.flushed = performance.now()
  }

  private append(name: string, content: string | Uint8Array): void {
    const file = this.path(name)
    naming(file, () => appendFileSync(file, content))
  }

  /** All lines that are written. */
  readMetrics(): readonly MetricsLine[] {
    this.flush()
    const lines = (readText(this.path('metrics.jsonl')) ?? '').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as MetricsLine)
  }

  /** Drops the lines for which `keep` does not hold, and a last line that was cut off. */
  truncateMetrics(keep: (place: { readonly stage: string; readonly step: number }) => boolean): void {
    const text = readText(this.path('metrics.jsonl'))
    if (text === undefined) return
    const kept = text.split('\n').filter((line) => {
      const { data } = placeSchema.safeParse(parseJson(line))
      return data !== undefined && keep(data)
    })
    writeWhole(this.path('metrics.jsonl'), kept.map((line) => `${line}\n`).join(''))
    const events = this.path(eventsFile)
    if (existsSync(events)) writeWhole(events, keptRecords(readFileSync(events), keep))
  }

  get evaluations(): EvaluationTable {
    const file = this.path('eval.json')
    const text = readText(file)
    if (text === undefined) return {}
    const { data } = evaluationTable.safeParse(parseJson(text))
    if (data) return data
    throw new RunUnreadable(
      `${file} is damaged: ${text.trim() === '' ? 'it is empty' : 'it holds no table of results'}`,
      'remove it and continue with --resume: what it held is measured again',
    )
  }

  set evaluations(table: EvaluationTable) {
    writeWhole(this.path('eval.json'), `${JSON.stringify(table, null, 2)}\n`)
  }
}

/** Writes a file so that it holds all or nothing of its content. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  naming(file, () => writeFileSync(`${file}.part`, content))
  renameSync(`${file}.part`, file)
}

const readText = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') : undefined

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
