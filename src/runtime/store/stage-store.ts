import { randomUUID } from 'node:crypto'
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { openCache } from '../../cache.js'
import { writeWhole } from '../../durable.js'
import { inside } from '../../inside.js'
import { evaluationTable } from '../../report/evaluation-table.js'
import { seal, unseal } from '../../sealed.js'
import { type Damaged, readCheckpoint } from '../checkpoint.js'
import { type Holder, Lease } from '../lease.js'
import type { MetricsLine } from '../metrics-line.js'
import { sumSchema } from '../sums.js'
import type { Beside } from '../train-context.js'

/** `stage.json`: what a stage of the store is and how it ended. */
const recordSchema = z.strictObject({
  version: z.literal(2),
  key: z.string(),
  stage: z.string(),
  /** The step with whose values it ended, and the last one that it trained. */
  step: z.int().nonnegative(),
  at: z.int().nonnegative(),
  /** The identity of what it recorded while it was trained; null: nothing. */
  series: z.string().nullable(),
  /** What was measured within it, by moment. */
  within: evaluationTable,
  /** The run that trained it. */
  run: z.string(),
  processor: z.string(),
  /** Milliseconds of its steps together. */
  step_ms: z.number(),
  /** Of the lines of metrics. */
  metrics: sumSchema,
})
export type StageRecord = z.infer<typeof recordSchema>

/** A stage that is there: what it is, the folder of its final checkpoint, and its lines of metrics. */
export interface StoredStage {
  readonly record: StageRecord
  readonly checkpoint: string
  readonly beside: Beside
  readonly lines: readonly MetricsLine[]
}

const waiting = 500

/**
 * Results of stages by their keys, for all runs, ablations and machines that see the folder:
 *
 *   <key>/stage.json, <key>/checkpoint/, <key>/metrics.jsonl      a stage that has ended
 *   <key>.lease                                                   who trains it now
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
    const record = recordSchema.safeParse(unseal(text)).data
    if (record?.key !== key) return { directory, problem: 'stage.json is not as it was written' }
    const checkpoint = readCheckpoint(join(directory, 'checkpoint'))
    if ('problem' in checkpoint) return { ...checkpoint, directory }
    const metrics = textOf(join(directory, 'metrics.jsonl')) ?? ''
    if (crc32(metrics) !== record.metrics.crc32)
      return { directory, problem: 'metrics.jsonl is not as it was written' }
    const { shares, cursors, streaks } = checkpoint
    return {
      record,
      checkpoint: checkpoint.directory,
      beside: { shares, cursors, streaks },
      lines: metrics
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as MetricsLine),
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
    return Lease.awaited(join(this.directory, `${key}.lease`), { every: waiting, signal, onWait })
  }

  /** Puts a stage into the store that has ended: its checkpoint, whose files are shared where the disk can. */
  publish(
    record: Omit<StageRecord, 'version' | 'metrics'>,
    checkpoint: string,
    lines: readonly MetricsLine[],
  ): void {
    openCache(this.directory)
    const folder = this.folder(record.key)
    const part = `${folder}.${randomUUID()}.part`
    mkdirSync(part, { recursive: true })
    try {
      shareFiles(checkpoint, join(part, 'checkpoint'))
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      const metrics = { bytes: Buffer.byteLength(text), crc32: crc32(text) }
      writeWhole(join(part, 'metrics.jsonl'), text)
      writeWhole(join(part, 'stage.json'), seal({ version: 2, ...record, metrics }))
      rmSync(folder, { recursive: true, force: true })
      renameSync(part, folder)
    } finally {
      rmSync(part, { recursive: true, force: true })
    }
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

const textOf = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') : undefined
