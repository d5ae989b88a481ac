import { conflictOf } from '../conflict.js'
import type { RunSummary } from '../run-summary.js'
import { intervalChart, type Interval } from '../svg/interval-chart.js'
import { colourOf } from './comparison.js'
import { html, type Html } from './html.js'

/** How often the gradients of the two losses opposed each other, beside what noise alone does. */
export function conflictSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const rows = runs.flatMap((run, index): Interval[] => {
    const conflict = conflictOf(run)
    if (!conflict) return []
    const [name, colour] = [labels[index] ?? run.pipeline, colourOf(index)]
    return [
      { label: name, colour, hollow: false, share: conflict.losses },
      ...(conflict.null ? [{ label: 'its null', colour, hollow: true, share: conflict.null }] : []),
    ]
  })
  if (rows.length === 0) return null
  return html`<section>
    <h2>Gradient conflict</h2>
    <p class="dim">
      Share of watched steps at which the gradients of the contrastive and the reconstruction loss point apart
      (cosine below zero, Eq. 11). The hollow dot is the null: one loss on two micro-batches. Bars are 95 %
      intervals, steps taken as independent.
    </p>
    ${intervalChart('share of steps in conflict', rows)}
  </section>`
}
