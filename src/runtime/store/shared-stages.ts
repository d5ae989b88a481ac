import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, relative } from 'node:path'
import { readFile } from '../../disk.js'
import { damagedStage, notReproduced } from '../../diagnostics/catalogue/store.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import {
  type Damaged,
  type Place,
  checkpointName,
  damageOf,
  readCheckpoint,
  saveCheckpoint,
} from '../checkpoint.js'
import type { StageRun, TrainContext } from '../train-context.js'
import { endingOf, isWatched, stepOfMoment } from '../validation.js'
import { originsOf } from './origins.js'
import { seriesKey, stageKeys } from './stage-key.js'
import { type StageStore, type StoredStage, seriesIn, shareFiles } from './stage-store.js'

/** The stages of a run that its store may hold, or gets from it. */
export class SharedStages {
  private constructor(
    private readonly store: StageStore,
    private readonly context: TrainContext,
    private readonly keys: ReadonlyMap<string, string>,
    private readonly span: Span,
  ) {}

  /** Reads the contents of the weights; `stages` as they are to be trained. */
  static async open(
    store: StageStore,
    context: TrainContext,
    stages: readonly StageRun[],
    { root, span }: { readonly root: string; readonly span: Span },
  ): Promise<SharedStages> {
    const { manifest } = context.artefact
    const random = new Set(context.random.weights)
    const models = manifest.models.map((m) => (random.has(m.name) ? { ...m, from: null } : m))
    const origins = await originsOf({ ...manifest, models }, root)
    const keys = stageKeys(manifest, {
      seed: context.seed,
      steps: ({ name }) => stages.find(({ stage }) => stage.name === name)?.steps ?? 0,
      origins: new Map([...origins].map(([name, contents]) => [name, contents ?? []])),
      data: Object.fromEntries([...context.data].map(([name, { rows }]) => [name, rows.fingerprint])),
    })
    return new SharedStages(store, context, keys, span)
  }

  /**
   * Makes the run have a stage: takes it from the store, waits for another that trains it, or has it trained, after
   * which the store holds it. `train` says whether it was told to stop before the end, which is what this gives.
   */
  async have(run: StageRun, ends: readonly Place[], train: () => Promise<boolean>): Promise<boolean> {
    if (await this.take(run, ends, false)) return false
    const { name } = run.stage
    const { emit, signal } = this.context
    const lease = await this.store.claim(this.keyOf(name), {
      signal,
      onWait: ({ host, pid }) => emit({ kind: 'awaiting', stage: name, host, pid }),
    })
    try {
      if (await this.take(run, ends, true)) return false
      if (await train()) return true
      await this.publish(run)
      return false
    } finally {
      lease.release()
    }
  }

  /** Gives the run what the store holds of a stage, if that is all that it would record itself. */
  private async take({ stage, steps }: StageRun, ends: readonly Place[], tell: boolean): Promise<boolean> {
    const { folder, artefact, seed, emit } = this.context
    const stored = await this.whole(stage.name, tell)
    const series = stored && seriesIn(stored, seriesKey(stage, artefact.manifest))
    if (!stored || !series) return false
    const { record, checkpoint, beside } = stored
    const { lines, within } = series
    const place = { stage: stage.name, step: record.step }
    folder.truncateMetrics((line) => line.stage !== stage.name)
    for (const line of lines) folder.metrics(line)
    const metrics = folder.sum()
    folder.evaluations = { ...folder.evaluations, ...within }
    const state = { manifest: artefact.manifest.hash, seed, ...place, previous: [...ends], metrics }
    await saveCheckpoint(folder, { ...state, ...beside }, async (directory) =>
      shareFiles(checkpoint, directory, ['state.json']),
    )
    emit({ kind: 'taken', stage: stage.name, step: Math.min(record.at, steps), run: record.run })
    return true
  }

  /**
   * What the store holds of a stage, every bit as it was written; what is damaged is as if it were not. Only who has the
   * lease can tell of it: it may be on its way in.
   */
  private async whole(stage: string, tell: boolean): Promise<StoredStage | undefined> {
    const stored = this.store.read(this.keyOf(stage))
    if (!stored) return undefined
    const damage = 'problem' in stored ? stored : await contentDamage(stored)
    if (!damage) return 'problem' in stored ? undefined : stored
    const { directory: folder, problem } = damage
    if (tell)
      this.context.emit({ kind: 'warning', diagnostic: damagedStage(this.span, { stage, folder, problem }) })
    return undefined
  }

  /** Puts a stage that this run has trained into the store; one that it holds must have the same bits. */
  private async publish({ stage, steps }: StageRun): Promise<void> {
    const { folder, artefact, emit } = this.context
    const key = this.keyOf(stage.name)
    const table = folder.evaluations
    const ending = (isWatched(stage) && endingOf(stage, steps, table)) || { at: steps, with: steps }
    const checkpoint = folder.path(checkpointName({ stage: stage.name, step: ending.with }))
    const before = await this.whole(stage.name, false)
    const other = before && (await differing(before, checkpoint))
    if (other !== undefined) {
      const diagnostic = notReproduced(this.span, {
        stage: stage.name,
        file: other,
        run: before?.record.run ?? '',
      })
      emit({ kind: 'warning', diagnostic })
      return
    }
    const own = seriesKey(stage, artefact.manifest)
    const others = before?.series.filter((one) => one.key !== own) ?? []
    const lines = folder.readMetrics().filter((line) => line.stage === stage.name)
    const within = Object.entries(table).filter(([moment]) => stepOfMoment(stage.name, moment) !== undefined)
    const record = {
      key,
      stage: stage.name,
      step: ending.with,
      at: ending.at,
      run: relative(process.cwd(), folder.directory),
      processor: cpus()[0]?.model ?? '',
      step_ms: lines.reduce((sum, { step_ms: ms }) => sum + ms, 0),
    }
    const series = { key: own, within: Object.fromEntries(within), lines }
    this.store.publish(record, checkpoint, [series, ...others])
  }

  private keyOf(stage: string): string {
    const key = this.keys.get(stage)
    if (key === undefined) throw new Error(`stage ${stage} has no key`)
    return key
  }
}

async function contentDamage({ checkpoint }: StoredStage): Promise<Damaged | undefined> {
  const found = readCheckpoint(checkpoint)
  return 'problem' in found ? found : damageOf(found)
}

/** The file in which a checkpoint has other bits than a stored stage; undefined where all are equal. */
async function differing({ checkpoint: stored }: StoredStage, own: string): Promise<string | undefined> {
  for (const name of readdirSync(own, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.safetensors')) continue
    const [a, b] = await Promise.all([readFile(join(own, name)), readFile(join(stored, name))])
    if (!a.equals(b)) return name
  }
  return undefined
}
