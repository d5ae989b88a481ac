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
  /** How one variant of each row is chosen before they are compared; null: every variant is a row. */
  readonly select: Selection | null
}

/** The values of a param are compared by seeds and data of their own; of each row the best one is gone on with. */
export interface Selection {
  readonly param: string
  readonly by: WatchedMetric
  readonly seeds: readonly number[]
}

/** A pipeline with the values that it was compiled with. */
export interface VariantSpec {
  /** Names it, its folder of compiled files, and its folder of runs. */
  readonly label: string
  /** Its row: variants of one row differ in the value that is chosen. */
  readonly row: string
  readonly pipeline: string
  /** What `vary` gives, as `--set` takes it. */
  readonly settings: Readonly<Record<string, string>>
  /** The hash of its artefact. */
  readonly hash: string
  /** What of the source tells it from the base; nothing where `settings` alone do. */
  readonly difference: readonly Difference[]
}

/** A declaration that one pipeline is made of and another is not. */
export interface Difference {
  /** `file:line` of where it begins. */
  readonly at: string
  readonly text: string
  /** Whether the variant has it, or the base, with which it is compared. */
  readonly of: 'variant' | 'base'
}

export type Endpoint = Pick<WatchedMetric, 'evaluation' | 'case' | 'metric'>

/** As the source names it: `valid.accuracy`, `valid.mnist.accuracy`. */
export const metricText = ({ evaluation, case: of, metric }: Endpoint): string =>
  [evaluation, ...(of === null ? [] : [of]), metric].join('.')

/** One run of an experiment. */
export interface Cell {
  readonly variant: VariantSpec
  readonly seed: number
  /** Its run folder, below that of the experiment. */
  readonly folder: string
}

/** The runs of variants: every seed of one before the next, so that stages which variants share are there already. */
export const cellsOf = ({ variants, seeds }: Pick<Experiment, 'variants' | 'seeds'>): readonly Cell[] =>
  variants.flatMap((variant) =>
    seeds.map((seed) => ({
      variant,
      seed,
      folder: seeds.length > 1 ? `${variant.label}/seed-${seed}` : variant.label,
    })),
  )

/** The runs by which values are chosen: every variant with seeds of their own, in a folder of theirs. */
export const selectingCells = ({ variants, select }: Experiment): readonly Cell[] =>
  variants.flatMap((variant) =>
    (select?.seeds ?? []).map((seed) => ({
      variant,
      seed,
      folder: `${selectFolder}/${variant.label}/seed-${seed}`,
    })),
  )

/** All runs that there may be: those that choose, and of each row as many as of its first variant. */
export function plannedCells(experiment: Experiment): readonly Cell[] {
  const rows = new Map(experiment.variants.toReversed().map((variant) => [variant.row, variant]))
  const variants = experiment.variants.filter((variant) => rows.get(variant.row) === variant)
  return [...selectingCells(experiment), ...cellsOf({ ...experiment, variants })]
}

const selectFolder = 'select'

/** Folders of an experiment beside those of its variants. */
const reserved = new Set(['compiled', 'states', 'jobs', selectFolder])

/** `naive,tau=0.05`: a label that can be a folder's name and tells variants apart. */
export function labelOf(variant: string, settings: ReadonlyMap<string, string>, alone: boolean): string {
  const values = [...settings].map(([name, value]) => `${name}=${value.replaceAll(/[^\w.+-]/g, '_')}`)
  const label = [...(alone && values.length > 0 ? [] : [variant]), ...values].join(',')
  return reserved.has(label) ? `${label}_` : label
}
