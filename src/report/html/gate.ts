import { z } from 'zod'
import { decimal } from '../format.js'
import { start, type RunSummary } from '../run-summary.js'
import { legend, lineChart, type Line } from '../svg/line-chart.js'
import { colourOf } from './comparison.js'
import { html, type Html } from './html.js'

const gateMetrics = z.object({
  t: z.array(z.number()),
  cosine: z.array(z.number().nullable()),
  mean: z.number().nullable(),
  threshold: z.number(),
  passed: z.boolean(),
  verdict: z.string(),
})

/** One measurement of a condition gate. */
export interface Gate extends z.infer<typeof gateMetrics> {
  /** Index of the run. */
  readonly run: number
  readonly evaluation: string
  readonly moment: string
}

/** All measurements of all condition gates, in the order of the runs. */
export function gatesOf(runs: readonly RunSummary[]): Gate[] {
  return runs.flatMap((run, index) =>
    run.evaluations
      .filter(({ kind }) => kind === 'condition_gate')
      .flatMap(({ name }) =>
        run.moments.flatMap((moment) => {
          const metrics = gateMetrics.safeParse(moment.results[name])
          return metrics.success
            ? [{ ...metrics.data, run: index, evaluation: name, moment: moment.name }]
            : []
        }),
      ),
  )
}

/** Where a gate failed, what the page says above all else. */
export function gateBanner(gates: readonly Gate[], labels: readonly string[]): Html | null {
  const failed = distinct(gates, labels).filter(({ gate }) => !gate.passed)
  if (failed.length === 0) return null
  const where = failed.map(
    ({ gate, line }) => `${line.label} (${gate.mean === null ? 'not finite' : decimal(gate.mean)})`,
  )
  return html`<section class="banner">
    <p>
      The generator ignores its condition; a comparison means nothing. Mean cosine of its predictions under
      the right and a wrong condition: ${where.join(', ')}; at most ${failed[0]?.gate.threshold ?? null} is
      allowed.
    </p>
  </section>`
}

/** The cosine between predictions under the right and a wrong condition over t. */
export function gateSection(gates: readonly Gate[], labels: readonly string[]): Html | null {
  const [first] = gates
  if (!first) return null
  const entries = distinct(gates, labels)
  const lines = entries.filter((entry) => entry.drawn).map((entry) => entry.line)
  const mark = { value: first.threshold, label: `limit ${first.threshold}` }
  const title = 'cosine under the right and a wrong condition'
  return html`<section>
    <h2>Does the generator use its condition?</h2>
    <p class="dim">
      Cosine between its predictions under the right and under a wrong condition, per diffusion step t. Near 1
      the condition is ignored: no method that trains through it can be told from another. The mean must not
      exceed ${first.threshold}.
    </p>
    <div class="charts">
      <figure>${lineChart({ title, x: 't', lines, radius: 0, dots: true, mark })} ${legend(lines)}</figure>
      <div>
        <table>
          <thead>
            <tr>
              <th>When</th>
              <th>mean cosine</th>
              <th>gate</th>
            </tr>
          </thead>
          <tbody>
            ${entries.map(gateRow)}
          </tbody>
        </table>
      </div>
    </div>
  </section>`
}

const gateRow = ({ gate, line }: Entry): Html =>
  html`<tr>
    <th scope="row"><span class="swatch s${line.colour}"></span>${line.label}</th>
    <td data-label="mean cosine"><span>${gate.mean === null ? '–' : decimal(gate.mean)}</span></td>
    <td data-label="gate">
      <span class="${gate.passed ? 'passed' : 'failed'}">${gate.passed ? 'passed' : 'failed'}</span>
    </td>
  </tr>`

interface Entry {
  readonly gate: Gate
  readonly line: Line
  /** The chart shows the start and the end of a run only. */
  readonly drawn: boolean
}

/** Runs that began with the same model measured the same there: it stands once, in grey. */
function distinct(gates: readonly Gate[], labels: readonly string[]): Entry[] {
  const starts = gates.filter((gate) => gate.moment === start)
  const same = new Set(starts.map((gate) => JSON.stringify(gate.cosine))).size === 1
  const entries = new Map<string, Entry>()
  gates.forEach((gate, i) => {
    const begin = gate.moment === start
    const shared = begin && same
    const next = gates[i + 1]
    const label = labels[gate.run] ?? ''
    entries.set(shared ? `start ${gate.evaluation}` : `${gate.run} ${gate.evaluation} ${gate.moment}`, {
      gate,
      line: {
        label: shared ? 'at the start' : begin ? `${label} at the start` : `${label} after ${gate.moment}`,
        colour: shared ? 0 : colourOf(gate.run),
        points: gate.t.flatMap((t, k): [number, number][] => {
          const cosine = gate.cosine[k] ?? null
          return cosine === null ? [] : [[t, cosine]]
        }),
        dashed: begin,
      },
      drawn: begin || next?.run !== gate.run || next.evaluation !== gate.evaluation,
    })
  })
  return [...entries.values()]
}
