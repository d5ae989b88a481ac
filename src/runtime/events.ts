import type { Diagnostic } from '../diagnostics/diagnostic.js'
import type { Json } from '../artefact/json.js'
import type { Conversion } from '../weights/conversions.js'
import type { MetricsLine } from './metrics-line.js'
import type { Substitutes } from './substitutes.js'

/** What a run tells while it goes on. */
export type RunEvent =
  | ({ readonly kind: 'converting' } & Conversion)
  /** Something that does not stop the run and may not be meant. */
  | { readonly kind: 'warning'; readonly diagnostic: Diagnostic }
  | {
      readonly kind: 'started'
      readonly directory: string
      readonly stages: readonly { readonly name: string; readonly steps: number }[]
      /** Where a resumed run goes on; step 0 is a stage's beginning, no stage means that all are trained. */
      readonly resumed: { readonly stage: string | null; readonly step: number } | null
      /** Checkpoints removed because they follow from shorter earlier stages. */
      readonly discarded: readonly string[]
      /** What is made up because its files are not there. */
      readonly random: Substitutes
    }
  | {
      readonly kind: 'stage'
      readonly stage: string
      readonly from: number
      readonly steps: number
      readonly rows: number
    }
  /** A step that was not finite was left out; told of the first, second, fourth, ... of a process. */
  | {
      readonly kind: 'skipped'
      readonly stage: string
      readonly step: number
      readonly what: string
      readonly value: number
      readonly count: number
    }
  | { readonly kind: 'step'; readonly line: MetricsLine; readonly steps: number }
  /** A stage whose measurements decide how it ends has ended: after a step, with the values of that or an earlier one. */
  | {
      readonly kind: 'ended'
      readonly stage: string
      readonly step: number
      readonly values: number
      readonly steps: number
    }
  /** A stage that another run has trained is taken from the store. */
  | { readonly kind: 'taken'; readonly stage: string; readonly step: number; readonly run: string }
  /** Another process or run trains the stage: its end is awaited. */
  | { readonly kind: 'awaiting'; readonly stage: string; readonly host: string; readonly pid: number }
  | { readonly kind: 'checkpoint'; readonly stage: string; readonly step: number; readonly directory: string }
  | {
      readonly kind: 'evaluating'
      readonly moment: string
      readonly evaluation: string
      readonly done: number
      readonly batches: number
    }
  | {
      readonly kind: 'evaluated'
      readonly moment: string
      readonly evaluation: string
      readonly metrics: Readonly<Record<string, Json>>
    }
  | { readonly kind: 'exported'; readonly name: string; readonly folder: string }
  | { readonly kind: 'done'; readonly directory: string; readonly random: Substitutes }
  | {
      readonly kind: 'stopped'
      readonly directory: string
      readonly stage: string | null
      readonly step: number
    }
