import { hash } from '../../graph/hash.js'
import type { Graph } from '../../graph/graph.js'
import { sha256 } from '../../graph/sha256.js'
import type { Lowered } from '../4-lower/lowered.js'
import type { Target } from '../passes/pass.js'
import type { ConversionPlan } from './conversions.js'
import type { StagePlan } from './report.js'

/** What of a plan follows from the graphs as they would be emitted: most of the work of planning. */
export interface Figures {
  readonly conversions: readonly ConversionPlan[]
  readonly stages: readonly StagePlan[]
}

/** Figures of earlier plans, of this very compiler, by their keys. */
export interface KeptFigures {
  read(key: string): Figures | undefined
  write(key: string, figures: Figures): void
}

/** The same for all pipelines whose stages and models are the same, wherever that is written. */
export const figuresKey = ({ stages, models }: Lowered, target: Target): string =>
  sha256(JSON.stringify({ target, stages, models }, keyed))

/** Graphs by their identity, maps by what is in them; places in sources decide nothing. */
function keyed(name: string, value: unknown): unknown {
  if (name === 'span') return undefined
  if (name === 'graph') return hash(value as Graph)
  return value instanceof Map ? [...value] : value
}
