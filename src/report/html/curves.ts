import { decimal } from '../format.js'
import type { RunSummary, StageSummary } from '../run-summary.js'
import { lineChart } from '../svg/line-chart.js'
import type { Point } from '../svg/series.js'
import { colourOf } from './comparison.js'
import { html, type Html } from './html.js'

/** The loss of each stage of each run; methods minimise different things, so each has its own axis. */
export function curvesSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const stages = [...new Set(runs.flatMap((run) => run.stages.map((stage) => stage.name)))]
  const rows = stages.flatMap((name) => {
    const charts = runs.flatMap((run, index) => {
      const stage = run.stages.find((candidate) => candidate.name === name)
      const method = labels[index] ?? run.pipeline
      return (stage ? lossesOf(stage) : []).flatMap(({ update, points }) => {
        const place = update === null ? name : `${name}, ${update}`
        return points.length < 2 ? [] : [lossChart(method, place, points, colourOf(index))]
      })
    })
    return charts.length === 0 ? [] : [html`<div class="charts">${charts}</div>`]
  })
  if (rows.length === 0) return null
  return html`<section>
    <h2>Loss</h2>
    <p class="dim">
      Thin: every step. Bold: the mean over the steps around it, one twentieth of the stage. Each method
      minimises its own loss, so heights do not compare between charts.
    </p>
    ${rows}
  </section>`
}

function lossChart(method: string, stage: string, points: readonly Point[], colour: number): Html {
  const radius = Math.max(1, Math.round(points.length / 40))
  const [first, last] = ends(points)
  return html`<figure>
    <figcaption>
      <span class="swatch s${colour}"></span>${method}, ${stage}<small
        >${decimal(first)} → ${decimal(last)}</small
      >
    </figcaption>
    ${lineChart({ title: `loss of ${method} in stage ${stage}`, x: 'step', lines: [{ label: method, colour, points }], radius })}
  </figure>`
}

/** The losses of a stage by step: one, or one of each of its updates. */
export const lossesOf = ({
  updates,
  records,
}: StageSummary): readonly { readonly update: string | null; readonly points: readonly Point[] }[] =>
  (updates.length === 0 ? [null] : updates).map((update) => ({
    update,
    points: records.flatMap((record): Point[] => {
      const loss = update === null ? record.loss : record.updates[update]?.loss
      return loss === null || loss === undefined ? [] : [[record.step, loss]]
    }),
  }))

const average = (part: readonly Point[]): number =>
  part.reduce((sum, [, value]) => sum + value, 0) / part.length

/** The mean of the first and of the last tenth. */
export function ends(points: readonly Point[]): readonly [number, number] {
  const tenth = Math.max(1, Math.floor(points.length / 10))
  return [average(points.slice(0, tenth)), average(points.slice(-tenth))]
}
