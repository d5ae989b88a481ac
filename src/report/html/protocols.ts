import type { Json } from '../../artefact/json.js'
import { isRecord } from '../../json/is-record.js'
import { decimal } from '../format.js'
import { findEvaluationKind } from '../../evaluations/registry.js'
import { published } from '../../evaluations/kind.js'
import { metricsAtEnd, metricsAtStart, type RunSummary } from '../run-summary.js'
import { html, type Html } from './html.js'

/** How each evaluation measures, over how much, and what chance alone would give. */
export function protocolsSection(runs: readonly RunSummary[]): Html | null {
  const rows = distinctEvaluations(runs).flatMap(({ name, kind, metrics }) => {
    const { protocol } = metrics
    if (typeof protocol !== 'string') return []
    const chance = (findEvaluationKind(kind)?.metrics ?? []).flatMap((metric) => {
      const by = metrics[`${metric.name}_chance`]
      return typeof by === 'number' ? [`${metric.label} ${decimal(by)}`] : []
    })
    return [{ name, kind, protocol, chance: chance.join(', ') }]
  })
  if (rows.length === 0) return null
  return html`<section>
    <h2>How it was measured</h2>
    <div class="scroll">
      <table class="texts">
        <thead>
          <tr>
            <th>evaluation</th>
            <th>protocol</th>
            <th>by chance</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, kind, protocol, chance }) =>
              html`<tr>
                <th scope="row">${name} <small class="dim">${kind}</small></th>
                <td data-label="protocol"><span>${protocol}</span></td>
                <td data-label="by chance"><span>${chance === '' ? '–' : chance}</span></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}

/** What was published for the same measurements, beside what was measured here. */
export function publishedSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const tables = distinctEvaluations(runs).flatMap(({ name, kind, metrics }) => {
    const others = record(metrics[published])
    if (!others) return []
    const columns = (findEvaluationKind(kind)?.metrics ?? []).filter((metric) => record(others[metric.name]))
    const who = [...new Set(columns.flatMap((metric) => Object.keys(record(others[metric.name]) ?? {})))]
    const cell = (label: string, value: unknown): Html =>
      html`<td data-label="${label}"><span>${typeof value === 'number' ? decimal(value) : '–'}</span></td>`
    const own = [
      ...runs.slice(0, 1).map((run) => ({ label: 'Original, here', values: metricsAtStart(run, name) })),
      ...runs.map((run, i) => ({ label: `${labels[i]}, here`, values: metricsAtEnd(run, name) })),
    ]
    return [
      html`<table>
        <caption>
          ${name}
        </caption>
        <thead>
          <tr>
            <th></th>
            ${columns.map(({ label }) => html`<th>${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${own.map(
            ({ label, values }) =>
              html`<tr>
                <th scope="row">${label}</th>
                ${columns.map((metric) => cell(metric.label, values?.[metric.name]))}
              </tr>`,
          )}
          ${who.map(
            (method) =>
              html`<tr>
                <th scope="row">${method}, published</th>
                ${columns.map((metric) => cell(metric.label, record(others[metric.name])?.[method]))}
              </tr>`,
          )}
        </tbody>
      </table>`,
    ]
  })
  if (tables.length === 0) return null
  return html`<section>
    <h2>Beside what was published</h2>
    <p class="dim">Published numbers are of the authors’ data, sizes and seeds.</p>
    <div class="scroll">${tables}</div>
  </section>`
}

type Metrics = Readonly<Record<string, Json>>

/** The evaluations of all runs by name, with what was last measured. */
function distinctEvaluations(
  runs: readonly RunSummary[],
): readonly { readonly name: string; readonly kind: string; readonly metrics: Metrics }[] {
  const found = new Map<string, { name: string; kind: string; metrics: Metrics }>()
  for (const run of runs)
    for (const { name, kind } of run.evaluations) {
      const metrics = metricsAtEnd(run, name)
      if (metrics && !found.has(name)) found.set(name, { name, kind, metrics })
    }
  return [...found.values()]
}

/** What stands there, if it is an object. */
const record = (value: Json | undefined): Metrics | undefined => (isRecord(value) ? value : undefined)
