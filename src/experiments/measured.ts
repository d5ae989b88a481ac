import { join } from 'node:path'
import {
  type MeasuredColumn,
  type Value,
  evaluationColumns,
  valueIn,
  valuesBeside,
} from '../report/columns.js'
import { readRun } from '../report/read-run.js'
import { type RunSummary, metricsAtEnd, metricsAtStart } from '../report/run-summary.js'
import { type Cell, type Experiment, cellsOf } from './experiment.js'
import { type State, stateOf } from './outcome.js'

/** What a run gave, or why it gave nothing. */
export interface MeasuredCell {
  readonly cell: Cell
  readonly state: State
  /** Of a run that is done. */
  readonly run: RunSummary | null
  /** Before the first stage, and at the end; by column. */
  readonly start: readonly Value[]
  readonly end: readonly Value[]
  /** Measured beside the evaluations before the first stage, by the names of references; by column. */
  readonly beside: ReadonlyMap<string, readonly Value[]>
}

/** What an experiment has given so far. */
export interface Measured {
  readonly columns: readonly MeasuredColumn[]
  /** By variant, in its order of seeds. */
  readonly rows: readonly (readonly MeasuredCell[])[]
}

/** Reads what the runs of an experiment have measured so far; `read` gives the run of a folder. */
export function measure(
  directory: string,
  experiment: Experiment,
  read: (folder: string) => RunSummary = readRun,
): Measured {
  const found = cellsOf(experiment).map((cell) => {
    const state = stateOf(directory, cell)
    return { cell, state, run: state.kind === 'done' ? read(join(directory, cell.folder)) : null }
  })
  // rows that were chosen by an evaluation are not compared by it
  const by = experiment.select?.by.evaluation ?? null
  const chose = (group: string): boolean => by !== null && (group === by || group.startsWith(`${by}.`))
  const all = evaluationColumns(found.flatMap(({ run }) => run ?? []))
  const columns = all.filter(({ group }) => !chose(group))
  const cells = found.map(({ cell, state, run }): MeasuredCell => {
    const values = (at: typeof metricsAtEnd): readonly Value[] =>
      columns.map(({ group, metric }) => valueIn(run ? at(run, group) : undefined, metric))
    const beside = run ? valuesBeside(run, columns) : new Map<string, readonly Value[]>()
    return { cell, state, run, start: values(metricsAtStart), end: values(metricsAtEnd), beside }
  })
  return {
    columns,
    rows: experiment.variants.map((variant) => cells.filter(({ cell }) => cell.variant === variant)),
  }
}
