import type { Metric } from '../evaluations/kind.js'
import {
  type MeasuredColumn,
  type Value,
  absent,
  evaluationColumns,
  valueIn,
  valuesBeside,
} from './columns.js'
import { conflictOf, type Conflict } from './conflict.js'
import { metricsAtEnd, metricsAtStart, runLabels, type RunSummary } from './run-summary.js'

/** Methods side by side: a row each, headed by what they started from. */
export interface Comparison {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** What the rows are compared with: the model that they started from, or a variant. */
  readonly against: string
  /** How to read the table, for a terminal, and in whole sentences. */
  readonly legend: string
  readonly rule: string
}

/** What the marks of a table's cells mean. */
export const legendOfMarks = '▲ better  ▼ worse  ≠ different  = no difference seen'

export interface Column {
  /** The evaluation. */
  readonly group: string
  readonly label: string
  readonly doc: string
  readonly better: Metric['better']
  readonly unit: 'number' | 'share'
  /** Named before running as what the comparison is about. */
  readonly primary: boolean
  /** The row whose value is better than that of every other row by more than the noise, if any. */
  readonly best: number | null
}

/** As a table heads it. */
export const headingOf = ({ label, primary }: Pick<Column, 'label' | 'primary'>): string =>
  primary ? `${label}*` : label

export interface Row {
  readonly label: string
  /** Index of the run; null for what the runs started from. */
  readonly run: number | null
  /** Whether its values are not of a model, but how far one measurement is from another. */
  readonly isNoise?: true
  /** Whether it was measured beside what is compared, and is compared with nothing itself. */
  readonly isReference?: true
  readonly cells: readonly Cell[]
}

export interface Cell {
  readonly value: number | null
  /** Standard deviation over what is random in the measurement; null where it is not known. */
  readonly deviation: number | null
  /** The value less that of the reference: the start of the same run, or the null of a share. */
  readonly effect: number | null
  readonly verdict: Verdict
  /** The null that a share is compared with. */
  readonly against?: number | null
}

/** `none`: no difference seen. `unknown`: there is no estimate of the noise. `reference`: nothing to compare with. */
export type Verdict = 'better' | 'worse' | 'different' | 'none' | 'unknown' | 'reference'

/** The rule of comparisons of single runs, for the reader. */
const rule =
  '± is one standard deviation. A difference counts only when it exceeds twice the combined standard deviation of the ' +
  'two values (over k-means seeds or resampled rows; standard errors for shares); otherwise no difference was seen. ' +
  'Each method was trained with one seed per row: what another training seed would change is not in this noise. ' +
  '“Best” marks a value that is better than every other row by more than that.'

const legend = `${legendOfMarks} (conflict: against its null)`

export function compareRuns(
  runs: readonly RunSummary[],
  labels: readonly string[] = runLabels(runs),
  measured: readonly MeasuredColumn[] = evaluationColumns(runs),
): Comparison {
  const before = runs.map((run) =>
    measured.map((column) => valueIn(metricsAtStart(run, column.group), column.metric)),
  )
  const starts = distinctStarts(before)

  const originals = starts.map(({ values, of }): Row => ({
    label: starts.length === 1 ? 'Original' : `Original of ${of.map((i) => labels[i]).join(', ')}`,
    run: null,
    cells: values.map((value) => ({ ...value, effect: null, verdict: 'reference' })),
  }))
  const aside = runs.map((run) => valuesBeside(run, measured))
  const references = [...new Set(aside.flatMap((found) => [...found.keys()]))].flatMap((name) => {
    const having = runs.flatMap((_, i) => {
      const values = aside[i]?.get(name)
      return values ? [{ i, values }] : []
    })
    const distinct = distinctStarts(having.map(({ values }) => values))
    return distinct.map(({ values, of }) => {
      const whose = of.map((k) => labels[having[k]?.i ?? -1]).join(', ')
      return referenceRow(
        distinct.length === 1 ? name : `${name} of ${whose}`,
        values.map((value) => ({ ...value, effect: null, verdict: 'reference' })),
      )
    })
  })
  const methods = runs.map((run, index): Row => ({
    label: labels[index] ?? run.pipeline,
    run: index,
    cells: measured.map((column, c) =>
      judge(
        valueIn(metricsAtEnd(run, column.group), column.metric),
        before[index]?.[c] ?? absent,
        column.better,
      ),
    ),
  }))
  return withConflict(
    runs,
    measured.map(({ group, label, doc, better }) => ({
      group,
      label,
      doc,
      better,
      unit: 'number',
      primary: false,
    })),
    [...originals, ...references, ...methods],
  )
}

export const referenceRow = (label: string, cells: readonly Cell[]): Row => ({
  label,
  run: null,
  isReference: true,
  cells,
})

/** What a table says of rows that are compared with nothing. */
export const ruleOfReferences = (rows: readonly Row[]): string => {
  const names = rows.flatMap(({ label, isReference }) => (isReference ? [label] : []))
  if (names.length === 0) return ''
  return ` ${names.join(', ')}: measured beside the models by the same protocol, once, before training; compared with nothing.`
}

/** Runs from the same base have the same start; where bases differ each has its own row. */
function distinctStarts(before: readonly (readonly Value[])[]): { values: readonly Value[]; of: number[] }[] {
  const starts = new Map<string, { values: readonly Value[]; of: number[] }>()
  before.forEach((values, index) => {
    const key = JSON.stringify(values)
    const known = starts.get(key)
    if (known) known.of.push(index)
    else starts.set(key, { values, of: [index] })
  })
  return [...starts.values()]
}

function judge(now: Value, reference: Value, better: Metric['better']): Cell {
  if (now.value === null || reference.value === null) return { ...now, effect: null, verdict: 'unknown' }
  const effect = now.value - reference.value
  const noise = noiseOf(now, reference)
  if (effect === 0) return { ...now, effect, verdict: 'none' }
  if (noise === null) return { ...now, effect, verdict: 'unknown' }
  if (Math.abs(effect) <= noise) return { ...now, effect, verdict: 'none' }
  if (better === 'neither') return { ...now, effect, verdict: 'different' }
  return { ...now, effect, verdict: effect > 0 === (better === 'higher') ? 'better' : 'worse' }
}

/** Twice the combined standard deviation. */
const noiseOf = (a: Value, b: Value): number | null =>
  a.deviation === null || b.deviation === null ? null : 2 * Math.hypot(a.deviation, b.deviation)

/** Adds the share of steps in conflict beside its null, where a run watched them, and finds the best rows. */
function withConflict(
  runs: readonly RunSummary[],
  columns: readonly Omit<Column, 'best'>[],
  rows: readonly Row[],
): Comparison {
  const read = { against: 'Original', legend, rule: rule + ruleOfReferences(rows) }
  const found = runs.map(conflictOf)
  const judged = columns.map((column, c) => ({ ...column, best: bestRow(rows, c, column.better) }))
  if (found.every((conflict) => conflict === null)) return { columns: judged, rows, ...read }
  return {
    ...read,
    columns: [...judged, conflictColumn],
    rows: rows.map((row) => ({
      ...row,
      cells: [...row.cells, conflictCell(row.run === null ? null : (found[row.run] ?? null))],
    })),
  }
}

const conflictColumn: Column = {
  group: 'conflict',
  label: 'steps',
  doc: 'Share of steps at which the gradients of the two losses oppose each other; null: one loss on two micro-batches.',
  better: 'neither',
  unit: 'share',
  primary: false,
  best: null,
}

function conflictCell(conflict: Conflict | null): Cell {
  if (!conflict) return { ...absent, effect: null, verdict: 'reference', against: null }
  const chance = conflict.null ? { value: conflict.null.share, deviation: conflict.null.error } : absent
  const losses = { value: conflict.losses.share, deviation: conflict.losses.error }
  return { ...judge(losses, chance, 'neither'), against: chance.value }
}

function bestRow(rows: readonly Row[], column: number, better: Metric['better']): number | null {
  if (better === 'neither' || rows.length < 2) return null
  const direction = better === 'higher' ? 1 : -1
  const cells = rows.map((row) => (row.isReference ? null : (row.cells[column] ?? absent)))
  const best = cells.findIndex(
    (cell) =>
      cell !== null &&
      cells.every((other) => {
        if (other === cell || other === null) return true
        if (cell.value === null || other.value === null) return false
        const noise = noiseOf(cell, other)
        return noise !== null && direction * (cell.value - other.value) > noise
      }),
  )
  return best === -1 ? null : best
}

/** Neighbouring columns of one group together, for a heading over them. */
export function groupsOf<T extends { readonly group: string }>(columns: readonly T[]): T[][] {
  const groups: T[][] = []
  for (const column of columns) {
    const last = groups.at(-1)
    if (last?.[0]?.group === column.group) last.push(column)
    else groups.push([column])
  }
  return groups
}

/** What the table says, in a sentence per method. */
export function sentences({ columns, rows, against }: Comparison): string[] {
  return rows.flatMap((row) => {
    if (row.run === null || row.label === against) return []
    const named = (verdict: Verdict): string => {
      const found = columns.filter(
        (column, c) => column.unit === 'number' && row.cells[c]?.verdict === verdict,
      )
      return groupsOf(found)
        .map((group) => `${group[0]?.group ?? ''} (${group.map(headingOf).join(', ')})`)
        .join(', ')
    }
    const parts = [
      ['better in', named('better')],
      ['worse in', named('worse')],
      ['different in', named('different')],
      ['no difference seen in', named('none')],
      ['noise not known for', named('unknown')],
    ].flatMap(([words, list]) => (list === '' ? [] : [`${words} ${list}`]))
    return parts.length === 0 ? [] : [`${row.label} against ${against}: ${parts.join('; ')}.`]
  })
}
