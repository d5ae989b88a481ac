import type { WatchedMetric } from '../artefact/stages.js'

/** Runs that are compared: each variant once for every seed. */
export interface Experiment {
  /** That of the ablation; null of pipelines that were named one by one. */
  readonly name: string | null
  /** The first is the base, with which the others are compared. */
  readonly variants: readonly VariantSpec[]
  readonly seeds: readonly number[]
  /** Cuts every stage of every run short. */
  readonly steps: number | null
  /** What was said before running to be what the experiment is about. */
  readonly primary: readonly Endpoint[]
}

/** A pipeline with the values that it was compiled with. */
export interface VariantSpec {
  /** Names its row, its folder of compiled files, and its folder of runs. */
  readonly label: string
  readonly pipeline: string
  /** What `vary` gives, as `--set` takes it. */
  readonly settings: Readonly<Record<string, string>>
  /** The hash of its artefact. */
  readonly hash: string
}

export type Endpoint = Pick<WatchedMetric, 'evaluation' | 'case' | 'metric'>

/** One run of an experiment. */
export interface Cell {
  readonly variant: VariantSpec
  readonly seed: number
  /** Its run folder, below that of the experiment. */
  readonly folder: string
}

/** All runs: every seed of a variant before the next variant, so that stages which variants share are there already. */
export const cellsOf = ({ variants, seeds }: Experiment): readonly Cell[] =>
  variants.flatMap((variant) =>
    seeds.map((seed) => ({
      variant,
      seed,
      folder: seeds.length > 1 ? `${variant.label}/seed-${seed}` : variant.label,
    })),
  )

/** Folders of an experiment beside those of its variants. */
const reserved = new Set(['compiled', 'states'])

/** `naive,tau=0.05`: a label that can be a folder's name and tells variants apart. */
export function labelOf(variant: string, settings: ReadonlyMap<string, string>, alone: boolean): string {
  const values = [...settings].map(([name, value]) => `${name}=${value.replaceAll(/[^\w.+-]/g, '_')}`)
  const label = [...(alone && values.length > 0 ? [] : [variant]), ...values].join(',')
  return reserved.has(label) ? `${label}_` : label
}
