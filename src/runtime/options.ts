import type { Diagnostic } from '../diagnostics/diagnostic.js'
import type { Manifest } from '../artefact/manifest.js'
import type { Measure } from './evaluate.js'
import type { RunEvent } from './events.js'
import type { ExecutorName } from './executors/names.js'
import type { OpenDataset } from './rows/open-rows.js'
import type { EvaluationTable } from '../report/evaluation-table.js'
import type { SaveRequests } from './save-clock.js'
import type { StageStore } from './store/stage-store.js'
import type { StartResults } from './start-results.js'

export interface RunOptions {
  /** The project root, to which paths of the pipeline are relative; the working directory by default. */
  readonly root?: string
  /** The run's folder; `runs/<pipeline>/<time>` of the root by default. */
  readonly runDir?: string
  /** Continue the run of `runDir`, or the pipeline's latest, from its last complete checkpoint. */
  readonly resume?: boolean
  /** Cuts every stage short; schedules still see the full number of steps. */
  readonly steps?: number
  /** Train this stage only. */
  readonly stage?: string
  /** Stop, to be gone on with, when this stage has been trained. */
  readonly until?: string
  /** Instead of the pipeline's seed. */
  readonly seed?: number
  /** `random`: models and data whose files are not there are made up; as compiled when absent. */
  readonly weights?: Manifest['weights']
  /** The share of samples that may be unreadable; 0.05 when absent. */
  readonly badShare?: number
  /** Bytes of memory to count on; what is free when absent. */
  readonly freeMemory?: number
  /** Bytes that are free on the disk of a folder; what the system says when absent. */
  readonly freeRoom?: (folder: string) => number
  /** Has onnxruntime write into `profile/` of the run's folder what each node of a step takes. */
  readonly profile?: boolean
  /** What runs the graphs, with equal results; the C API where it can be used when absent. */
  readonly executor?: ExecutorName
  /** Threads of one operator. */
  readonly threads?: number
  readonly onEvent?: (event: RunEvent) => void
  /** A checkpoint is written every so many minutes; 10 when absent. */
  readonly saveMinutes?: number
  /** Counts requests for a checkpoint. */
  readonly saveRequests?: SaveRequests
  /** When it fires, the run writes a checkpoint and ends as `stopped`. */
  readonly signal?: AbortSignal
  /** Where diagnostics point that have no place of their own, e.g. the pipeline's file. */
  readonly file?: string
  /** The sources that the pipeline was compiled from, by their paths, where they are at hand. */
  readonly texts?: ReadonlyMap<string, string>
  /** Opens data otherwise than by the sources of `src/runtime/sources`. */
  readonly openDataset?: OpenDataset
  /** Shares what is measured before the first stage with other runs from the same start. */
  readonly startResults?: StartResults
  /** Where stages are taken from that another run has trained, and where this one puts its own. */
  readonly store?: StageStore
  /** Measures evaluations otherwise than by the files of `src/runtime/measures`. */
  readonly measure?: Measure
}

export type RunResult =
  | {
      readonly status: 'done'
      readonly directory: string
      readonly evaluations: EvaluationTable
      /** Folder by what is exported. */
      readonly exported: Readonly<Record<string, string>>
    }
  | {
      readonly status: 'stopped'
      readonly directory: string
      /** Where resuming goes on; null: at the beginning. */
      readonly at: { readonly stage: string; readonly step: number } | null
    }
  | {
      readonly status: 'failed'
      readonly directory: string | null
      readonly diagnostics: readonly Diagnostic[]
    }
