import type { Artefact } from '../artefact/manifest.js'
import type { StageSpec } from '../artefact/stages.js'
import type { RunEvent } from './events.js'
import type { FeatureFolders } from './features/features.js'
import type { Feeder } from './feeds.js'
import type { OpenData } from './fields.js'
import type { Cursor } from './order/cursor.js'
import type { RunFolder } from './run-folder.js'
import type { RunLock } from './run-lock.js'
import type { SaveClock } from './save-clock.js'
import type { SessionSettings } from './session.js'
import type { StateCopies } from './state-copies.js'
import type { Substitutes } from './substitutes.js'
import type { WorkerThread } from './thread.js'
import type { Weights } from './weights.js'

/** What the stages of a run share. */
export interface TrainContext {
  readonly artefact: Artefact
  readonly thread: WorkerThread
  readonly feeder: Feeder
  readonly data: ReadonlyMap<string, OpenData>
  readonly weights: Weights
  readonly folder: RunFolder
  readonly lock: RunLock
  readonly clock: SaveClock
  readonly copies: StateCopies
  /** The folder for results of prologues that all runs of a project share. */
  readonly cache: string
  /** Where what `cached` keeps lies. */
  readonly features: FeatureFolders
  readonly seed: number
  readonly random: Substitutes
  readonly settings: SessionSettings
  /** Whether it is written down what each node of a step takes. */
  readonly profiled: boolean
  readonly signal: AbortSignal | undefined
  readonly emit: (event: RunEvent) => void
}

/** Of the monitors that record a share: at how many steps they were due, and at how many their condition held. */
export type Shares = Readonly<Record<string, { readonly steps: number; readonly held: number }>>

/** Where the streams that a stage reads stand, by data. */
export type Cursors = Readonly<Record<string, Cursor>>

/** For how many steps in a row the loss was above what the stage allows, and steps were skipped. */
export interface Streaks {
  readonly above: number
  readonly skipped: number
}

/** What a checkpoint holds beside tensors. */
export interface Beside {
  readonly shares: Shares
  readonly cursors: Cursors
  readonly streaks: Streaks
}

/** A stage that is to be trained. */
export interface StageRun {
  readonly stage: StageSpec
  /** The last step to train, at most the stage's own number. */
  readonly steps: number
  /** A checkpoint within the stage to go on from. */
  readonly from: (Beside & { readonly step: number; readonly directory: string }) | null
}
