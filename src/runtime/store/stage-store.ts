import { randomUUID } from 'node:crypto'
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { readFileSync } from '../../disk.js'
import { openCache } from '../../cache.js'
import { writeWhole } from '../../durable.js'
import { inside } from '../../inside.js'
import { evaluationTable } from '../../report/evaluation-table.js'
import { seal, unseal } from '../../sealed.js'
import { type Damaged, readCheckpoint } from '../checkpoint.js'
import { type Holder, Lease, liveHolder } from '../lease.js'
import type { MetricsLine } from '../metrics-line.js'
import { sumSchema } from '../sums.js'
import type { Beside } from '../train-context.js'

/** What was recorded of a stage while it was trained; with the lines of its own in `metrics-<n>.jsonl`, by its place. */
const seriesSchema = z.strictObject({
  /** Its identity; null: neither monitors nor evaluations, only the loss. */
  key: z.string().nullable(),
  /** What was measured within the stage, by moment. */
  within: evaluationTable,
  /** Of the lines of metrics. */
  metrics: sumSchema,
})

/** `stage.json`: what a stage of the store is and how it ended. */
const recordSchema = z.strictObject({
  version: z.literal(3),
  key: z.string(),
  stage: z.string(),
  /** The step with whose values it ended, and the last one that it trained. */
  step: z.int().nonnegative(),
  at: z.int().nonnegative(),
  /** Each time that it was trained to record something else, with equal bits. */
  series: z.array(seriesSchema).min(1),
  /** The run that trained it. */
  run: z.string(),
  processor: z.string(),
  /** Milliseconds of its steps together. */
  step_ms: z.number(),
})
export type StageRecord = z.infer<typeof recordSchema>

/** A stage that is there: what it is, the folder of its final checkpoint, and what was recorded of it. */
export interface StoredStage {
  readonly record: StageRecord
  readonly checkpoint: string
  readonly beside: Beside
  readonly series: readonly RecordedSeries[]
}

export interface RecordedSeries {
  readonly key: string | null
  readonly within: StageRecord['series'][number]['within']
  readonly lines: readonly MetricsLine[]
}

/** What was recorded under a key; who asks for no more than the loss takes any. */
export const seriesIn = ({ series }: StoredStage, key: string | null): RecordedSeries | undefined =>
  key === null ? series[0] : series.find((one) => one.key === key)

const waiting = 500

/**
 * Results of stages by their keys, for all runs, ablations and machines that see the folder:
 *
 *   <key>/stage.json, <key>/checkpoint/, <key>/metrics-<n>.jsonl    a stage that has ended
 *   <key>.lease                                                     who trains it now
 *   <key>.<random>.part/                                            one on its way in
 */
export class StageStore {
  constructor(readonly directory: string) {}

  /** A stage with its key that has ended, if it is whole but for the contents of its checkpoint. */
  find(key: string): StoredStage | undefined {
    const found = this.read(key)
    return found && 'problem' in found ? undefined : found
  }

  /** A stage with its key that has ended, or what is wrong with it; undefined where there is none. */
  read(key: string): StoredStage | Damaged | undefined {
    const directory = this.folder(key)
    const text = textOf(join(directory, 'stage.json'))
    if (text === undefined) return undefined
    const value = unseal(text)
    const { data: record } = recordSchema.safeParse(value)
    if (!record && value !== undefined)
      return { directory, problem: 'stage.json is of another version of dcrc, or not as it was written' }
    if (record?.key !== key) return { directory, problem: 'stage.json is not as it was written' }
    const checkpoint = readCheckpoint(join(directory, 'checkpoint'))
    if ('problem' in checkpoint) return { ...checkpoint, directory }
    const texts = record.series.map((_, n) => textOf(join(directory, metricsFile(n))) ?? '')
    const damaged = record.series.findIndex(({ metrics }, n) => crc32(texts[n] ?? '') !== metrics.crc32)
    if (damaged >= 0) return { directory, problem: `${metricsFile(damaged)} is not as it was written` }
    const { shares, cursors, streaks } = checkpoint
    return {
      record,
      checkpoint: checkpoint.directory,
      beside: { shares, cursors, streaks },
      series: record.series.map(({ key: series, within }, n) => ({
        key: series,
        within,
        lines: linesOf(texts[n] ?? ''),
      })),
    }
  }

  /**
   * The right to train a stage. While another process or run trains it, its end is awaited: then nothing is given, and
   * `find` knows it, unless it was broken off.
   */
  async claim(
    key: string,
    {
      signal,
      onWait,
    }: { readonly signal?: AbortSignal | undefined; readonly onWait: (holder: Holder) => void },
  ): Promise<Lease> {
    openCache(this.directory)
    this.sweep()
    return Lease.awaited(this.lease(key), { every: waiting, signal, onWait })
  }

  /** Takes away what processes that are gone have left on its way in: who puts a stage in holds its lease. */
  private sweep(): void {
    for (const name of readdirSync(this.directory)) {
      const [key = '', , ending] = name.split('.')
      if (ending === 'part' && !liveHolder(this.lease(key)))
        rmSync(join(this.directory, name), { recursive: true, force: true })
    }
  }

  /** Puts a stage into the store that has ended: its checkpoint, whose files are shared where the disk can. */
  publish(
    record: Omit<StageRecord, 'version' | 'series'>,
    checkpoint: string,
    series: readonly RecordedSeries[],
  ): void {
    openCache(this.directory)
    const folder = this.folder(record.key)
    const part = `${folder}.${randomUUID()}.part`
    mkdirSync(part, { recursive: true })
    try {
      shareFiles(checkpoint, join(part, 'checkpoint'))
      const recorded = series.map(({ key, within, lines }, n) => {
        const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
        writeWhole(join(part, metricsFile(n)), text)
        return { key, within, metrics: { bytes: Buffer.byteLength(text), crc32: crc32(text) } }
      })
      writeWhole(join(part, 'stage.json'), seal({ version: 3, ...record, series: recorded }))
      rmSync(folder, { recursive: true, force: true })
      renameSync(part, folder)
    } finally {
      rmSync(part, { recursive: true, force: true })
    }
  }

  private lease(key: string): string {
    return join(this.directory, `${key}.lease`)
  }

  private folder(key: string): string {
    return inside(this.directory, key)
  }
}

/**
 * Gives another folder the same files, but for what says whose they are: names of the same content where the file
 * system has them, else copies.
 */
export function shareFiles(from: string, to: string, leave: readonly string[] = []): void {
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (leave.includes(name)) continue
    const source = join(from, name)
    if (!statSync(source).isFile()) continue
    const target = join(to, name)
    mkdirSync(dirname(target), { recursive: true })
    try {
      linkSync(source, target)
    } catch {
      copyFileSync(source, target, constants.COPYFILE_EXCL)
    }
  }
}

const metricsFile = (n: number): string => `metrics-${n}.jsonl`

const linesOf = (text: string): readonly MetricsLine[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as MetricsLine)

const textOf = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') : undefined
