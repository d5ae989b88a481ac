import { z } from 'zod'
import { mapChart } from '../svg/map-chart.js'
import { metricsAtEnd, metricsAtStart, type RunSummary } from '../run-summary.js'
import { html, type Html } from './html.js'
import { classColours } from './style.js'

const measured = z.object({
  place: z.array(z.number()),
  label: z.array(z.number()),
  names: z.array(z.string()).optional(),
})
type Mapped = z.infer<typeof measured>

/** Where rows lie by their features, before training and at the end of each run, in the colours of their classes. */
export function mapsSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const names = new Set(
    runs.flatMap((run) => run.evaluations.flatMap(({ name, kind }) => (kind === 'tsne' ? [name] : []))),
  )
  const groups = [...names].flatMap((name) => {
    const maps = mapsOf(runs, labels, name)
    const [first] = maps
    return first
      ? [
          html`<h3 style="margin-top:14px">${name}</h3>`,
          html`<div class="charts">
            ${maps.map(
              ({ heading, mapped }) =>
                html`<figure>
                  <figcaption>${heading}</figcaption>
                  ${mapChart(`${name}, ${heading}`, placesOf(mapped))}
                </figure>`,
            )}
          </div>`,
          legendOf(first.mapped),
        ]
      : []
  })
  if (groups.length === 0) return null
  return html`<section>
    <h2>Where classes lie</h2>
    <p class="dim">
      t-SNE of features: neighbours stay neighbours, but distances between groups, their sizes and the axes
      mean nothing, and each map turns its own way.
    </p>
    ${groups}
  </section>`
}

/** Runs that begin alike share the map of their beginning. */
function mapsOf(
  runs: readonly RunSummary[],
  labels: readonly string[],
  evaluation: string,
): readonly { readonly heading: string; readonly mapped: Mapped }[] {
  const found = new Map<string, { readonly of: string[]; readonly mapped: Mapped }>()
  const ends: { heading: string; mapped: Mapped }[] = []
  runs.forEach((run, r) => {
    const label = labels[r] ?? run.pipeline
    const [before, after] = [metricsAtStart(run, evaluation), metricsAtEnd(run, evaluation)].map(
      (metrics) => measured.safeParse(metrics).data,
    )
    if (before) {
      const key = before.place.join()
      const same = found.get(key)
      if (same) same.of.push(label)
      else found.set(key, { of: [label], mapped: before })
    }
    if (after && after.place.join() !== before?.place.join())
      ends.push({ heading: `after ${label}`, mapped: after })
  })
  const starts = [...found.values()].map(({ of, mapped }) => ({
    heading: found.size === 1 ? 'before training' : `before ${of.join(', ')}`,
    mapped,
  }))
  return [...starts, ...ends]
}

const classesOf = ({ label }: Mapped): readonly number[] => [...new Set(label)].sort((a, b) => a - b)

function placesOf(mapped: Mapped) {
  const colours = new Map(classesOf(mapped).map((label, k) => [label, k % classColours]))
  return mapped.label.map((label, i) => ({
    x: mapped.place[2 * i] ?? 0,
    y: mapped.place[2 * i + 1] ?? 0,
    colour: colours.get(label) ?? 0,
  }))
}

/** With more classes than colours none tells a class. */
function legendOf(mapped: Mapped): Html | null {
  const classes = classesOf(mapped)
  if (classes.length > classColours) return null
  return html`<p class="legend">
    ${classes.map(
      (label, k) =>
        html`<span
          ><svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
            <circle class="c${k}" cx="5" cy="5" r="5" /></svg
          >${mapped.names?.[label] ?? String(label)}</span
        >`,
    )}
  </p>`
}
