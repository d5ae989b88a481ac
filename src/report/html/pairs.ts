import { z } from 'zod'
import { metricsAtEnd, metricsAtStart, type RunSummary } from '../run-summary.js'
import { html, type Html } from './html.js'

const measured = z.object({ right: z.array(z.number()) })

/** Which of the pairs of an evaluation training has won and which it has lost, by their places in the data. */
export function pairsSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const rows = runs.flatMap((run, r) =>
    run.evaluations.flatMap(({ name }) => {
      const [before, after] = [metricsAtStart(run, name), metricsAtEnd(run, name)].map(
        (metrics) => measured.safeParse(metrics).data?.right,
      )
      if (!before || !after || before.length !== after.length) return []
      const where = (was: number, is: number): readonly number[] =>
        after.flatMap((right, i) => (before[i] === was && right === is ? [i + 1] : []))
      return [{ run: labels[r] ?? run.pipeline, name, of: after.length, won: where(0, 1), lost: where(1, 0) }]
    }),
  )
  if (rows.length === 0) return null
  return html`<section>
    <h2>Pairs won and lost</h2>
    <p class="dim">Against the model before training, by the place of a pair in the data.</p>
    <div class="scroll">
      <table class="texts">
        <thead>
          <tr>
            <th>row</th>
            <th>evaluation</th>
            <th>won</th>
            <th>lost</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ run, name, of, won, lost }) =>
              html`<tr>
                <th scope="row">${run}</th>
                <td data-label="evaluation"><span>${name}, ${of} pairs</span></td>
                <td data-label="won"><span>${listed(won)}</span></td>
                <td data-label="lost"><span>${listed(lost)}</span></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}

const listed = (pairs: readonly number[]): string =>
  pairs.length === 0 ? 'none' : `${pairs.length}: ${pairs.join(', ')}`
