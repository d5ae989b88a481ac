import { z } from 'zod'
import { metricsAtEnd, metricsAtStart, type RunSummary } from '../run-summary.js'
import { html, type Html } from './html.js'

const uris = z.array(z.string().startsWith('data:image/png;base64,'))
const pictureMetrics = z.object({ original: uris, reconstruction: uris.optional() })

interface Strip {
  readonly heading: string
  readonly pictures: readonly string[]
}

/** Rows of pictures: the picture, its reconstruction before training, and after it by each method. */
export function picturesSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const names = new Set(
    runs.flatMap((run) => run.evaluations.flatMap(({ name, kind }) => (kind === 'pictures' ? [name] : []))),
  )
  const grids = [...names].flatMap((name) => {
    const strips = stripsOf(runs, labels, name)
    return strips.length === 0 ? [] : [grid(strips)]
  })
  if (grids.length === 0) return null
  return html`<section>
    <h2>Pictures</h2>
    <p class="dim">
      What the generator makes of a picture under the condition of its own features: before training, and
      after it by each method.
    </p>
    ${grids}
  </section>`
}

const measured = (metrics: unknown): z.infer<typeof pictureMetrics> | undefined =>
  pictureMetrics.safeParse(metrics).data

function stripsOf(runs: readonly RunSummary[], labels: readonly string[], evaluation: string): Strip[] {
  const strips: Strip[] = []
  const add = (heading: string, pictures: readonly string[] | undefined): void => {
    const same = strips.some(
      (strip) => strip.heading === heading && strip.pictures.join() === pictures?.join(),
    )
    if (pictures && !same) strips.push({ heading, pictures })
  }
  const before = runs.map((run) => measured(metricsAtStart(run, evaluation)))
  const after = runs.map((run) => measured(metricsAtEnd(run, evaluation)))
  for (const found of [...before, ...after]) add('picture', found?.original)
  for (const found of before) add('before', found?.reconstruction)
  after.forEach((found, i) => {
    const changed = found?.reconstruction?.join() !== before[i]?.reconstruction?.join()
    if (changed) add(`after ${labels[i] ?? ''}`, found?.reconstruction)
  })
  return strips
}

function grid(strips: readonly Strip[]): Html {
  const rows = Math.max(...strips.map((strip) => strip.pictures.length))
  return html`<div class="pictures" style="--strips: ${strips.length}">
    ${strips.map((strip) => html`<b>${strip.heading}</b>`)}${Array.from(
      { length: rows },
      (_, row) =>
        html`${strips.map((strip) => html`<img alt="${strip.heading} ${row + 1}" src="${strip.pictures[row] ?? ''}" />`)}`,
    )}
  </div>`
}
