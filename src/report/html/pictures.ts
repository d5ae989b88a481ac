import { z } from 'zod'
import type { Moment, RunSummary } from '../run-summary.js'
import { start } from '../run-summary.js'
import { html, type Html } from './html.js'

const uris = z.array(z.string().startsWith('data:image/png;base64,'))
const pictureMetrics = z.object({ original: uris, reconstruction: uris.optional() })

interface Strip {
  readonly heading: string
  readonly pictures: readonly string[]
}

/** Pictures side by side; more follow below, under the same headings. */
const across = 10

/** Rows of pictures: what the data hold, and what a model makes of them before training and at the end, of each run. */
export function picturesSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const names = new Set(
    runs.flatMap((run) => run.evaluations.flatMap(({ name, kind }) => (kind === 'pictures' ? [name] : []))),
  )
  const grids = [...names].flatMap((name) => {
    const strips = stripsOf(runs, labels, name)
    if (strips.length === 0) return []
    const most = Math.max(...strips.map(({ pictures }) => pictures.length))
    const parts = Array.from({ length: Math.ceil(most / across) }, (_, part) =>
      grid(name, strips, part * across, Math.min(most, (part + 1) * across)),
    )
    return [html`<h3 style="margin-top:14px">${name}</h3>`, ...parts]
  })
  if (grids.length === 0) return null
  return html`<section>
    <h2>Pictures</h2>
    <p class="dim">
      What each evaluation keeps: pictures of the data, and what a model makes of them before training and at
      the end.
    </p>
    ${grids}
  </section>`
}

interface Kept {
  readonly moment: string
  readonly original: readonly string[]
  readonly reconstruction?: readonly string[] | undefined
}

/** What an evaluation kept, moment by moment. */
const keptBy = ({ moments }: RunSummary, evaluation: string): readonly Kept[] =>
  moments.flatMap(({ name, results }: Moment) => {
    const { data } = pictureMetrics.safeParse(results[evaluation])
    return data ? [{ moment: name, ...data }] : []
  })

/** Runs that have the same pictures share a row. */
function stripsOf(runs: readonly RunSummary[], labels: readonly string[], evaluation: string): Strip[] {
  const found = new Map<string, { readonly pictures: readonly string[]; readonly of: string[] }>()
  const add = (kind: string, of: string, pictures: readonly string[] | undefined): void => {
    if (!pictures) return
    const key = [kind, ...pictures].join(' ')
    const same = found.get(key)
    if (!same) found.set(key, { pictures, of: [of] })
    else if (!same.of.includes(of)) same.of.push(of)
  }
  const kept = runs.map((run) => keptBy(run, evaluation))
  const ends = kept.map((moments) => [moments[0], ...(moments.length > 1 ? moments.slice(-1) : [])])
  const name = (run: number): string => labels[run] ?? ''
  ends.forEach((moments, run) => moments.forEach((one) => add('picture', name(run), one?.original)))
  for (const which of [0, 1])
    ends.forEach((moments, run) => {
      const one = moments[which]
      if (one) add(momentText(one.moment), name(run), one.reconstruction)
    })
  const all = [...found].map(([key, strip]) => ({ ...strip, kind: key.slice(0, key.indexOf(' data:')) }))
  return all.map(({ kind, pictures, of }) => ({
    heading:
      of.length === runs.length && all.filter((one) => one.kind === kind).length === 1
        ? kind
        : `${of.join(', ')}: ${kind}`,
    pictures,
  }))
}

const momentText = (moment: string): string => (moment === start ? 'before training' : `after ${moment}`)

function grid(name: string, strips: readonly Strip[], from: number, to: number): Html {
  const columns = Array.from({ length: to - from }, (_, k) => from + k)
  return html`<div class="pictures" style="--strips: ${strips.length}">
    ${strips.map(({ heading }) => html`<b>${heading}</b>`)}${columns.map(
      (k) =>
        html`${strips.map(({ heading, pictures }) => picture(`${name} ${k + 1}, ${heading}`, pictures[k]))}`,
    )}
  </div>`
}

/** A run that kept fewer leaves a gap. */
const picture = (alt: string, uri: string | undefined): Html =>
  uri === undefined ? html`<span></span>` : html`<img alt="${alt}" title="${alt}" src="${uri}" />`
