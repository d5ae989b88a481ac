import { decimal } from '../format.js'
import type { RunSummary } from '../run-summary.js'
import { type Line, lineChart } from '../svg/line-chart.js'
import type { Point } from '../svg/series.js'
import { colourOf } from './comparison.js'
import { html, type Html } from './html.js'

/** What stages recorded beside their loss: their monitors, and what was measured within them. */
export function monitorsSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const charts = [...byName(runs, monitorsOf), ...byName(runs, measuredWithin)].map(([name, series]) =>
    chart(
      name,
      series.map(({ run, points }): Line => ({
        label: labels[run] ?? runs[run]?.pipeline ?? '',
        colour: colourOf(run),
        points,
      })),
    ),
  )
  if (charts.length === 0) return null
  return html`<section>
    <h2>While it trained</h2>
    <p class="dim">
      The monitors of each stage and what its evaluations measured within it, by step; beside each name the
      last value.
    </p>
    <div class="charts">${charts}</div>
  </section>`
}

interface Series {
  readonly run: number
  readonly points: readonly Point[]
}

/** Series of all runs, those of one name together. */
function byName(
  runs: readonly RunSummary[],
  seriesOf: (run: RunSummary) => ReadonlyMap<string, readonly Point[]>,
): ReadonlyMap<string, readonly Series[]> {
  const all = new Map<string, Series[]>()
  for (const [index, run] of runs.entries())
    for (const [name, points] of seriesOf(run))
      all.set(name, [...(all.get(name) ?? []), { run: index, points }])
  return all
}

function monitorsOf({ stages }: RunSummary): ReadonlyMap<string, readonly Point[]> {
  const found = new Map<string, Point[]>()
  for (const { name: stage, records } of stages)
    for (const { step, monitors } of records)
      for (const [name, value] of Object.entries(monitors)) add(found, `${stage}, ${name}`, [step, value])
  return found
}

/** Moments within a stage are called `<stage>-<step>`. */
function measuredWithin({ stages, moments, evaluations }: RunSummary): ReadonlyMap<string, readonly Point[]> {
  const found = new Map<string, Point[]>()
  for (const { name: moment, results } of moments) {
    const [, stage, step] = /^(.*)-(\d+)$/.exec(moment) ?? []
    if (stage === undefined || !stages.some(({ name }) => name === stage)) continue
    for (const { name: evaluation } of evaluations)
      for (const [metric, value] of Object.entries(results[evaluation] ?? {}))
        if (typeof value === 'number' && !beside.test(metric))
          add(found, `${stage}, ${evaluation} ${metric}`, [Number(step), value])
  }
  // what is the same each time, as numbers of rows are, tells nothing of training
  return new Map([...found].filter(([, points]) => new Set(points.map(([, value]) => value)).size > 1))
}

/** Spreads, which a chart of values does not show. */
const beside = /_std$/

function add(found: Map<string, Point[]>, name: string, point: Point): void {
  const points = found.get(name)
  if (points) points.push(point)
  else found.set(name, [point])
}

function chart(name: string, lines: readonly Line[]): Html {
  const most = Math.max(...lines.map(({ points }) => points.length))
  const last = lines.map(({ points }) => decimal(points.at(-1)?.[1] ?? NaN))
  return html`<figure>
    <figcaption>${name}<small>${last.join(', ')}</small></figcaption>
    ${most < 2 ? null : lineChart({ title: name, x: 'step', lines, radius: most > 40 ? Math.round(most / 40) : 0, dots: most <= 40 })}
  </figure>`
}
