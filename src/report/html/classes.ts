import { z } from 'zod'
import { count, percent } from '../format.js'
import type { RunSummary } from '../run-summary.js'
import { html, type Html } from './html.js'

const byClass = z.object({
  by_class: z.record(z.string(), z.object({ rows: z.number(), accuracy: z.number().nullable() })),
})

/** How well classes were told from others, by their names, where the data have such: as last measured. */
export function classesSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const tables = runs.flatMap((run, index) =>
    run.evaluations.flatMap(({ name }) => {
      const measured = run.moments.flatMap((moment) => {
        const { data } = byClass.safeParse(moment.results[name])
        return data ? [{ moment: moment.name, classes: Object.entries(data.by_class) }] : []
      })
      const last = measured.at(-1)
      if (!last) return []
      return html`<table>
        <caption>
          ${labels[index] ?? run.pipeline}, ${name} after ${last.moment}
        </caption>
        <thead>
          <tr>
            <th>class</th>
            <th>rows</th>
            <th>accuracy</th>
          </tr>
        </thead>
        <tbody>
          ${last.classes.map(
            ([label, { rows, accuracy }]) =>
              html`<tr>
                <td>${label}</td>
                <td>${count(rows)}</td>
                <td>${accuracy === null ? '' : percent(accuracy)}</td>
              </tr>`,
          )}
        </tbody>
      </table>`
    }),
  )
  if (tables.length === 0) return null
  return html`<section>
    <h2>By class</h2>
    <p class="dim">The share of the rows of each class that are taken for it.</p>
    ${tables}
  </section>`
}
