import { html, type Html } from '../html/html.js'
import { tickLabels, ticks, type Scale } from './scale.js'

/** The edges of what is drawn in, in pixels. */
export interface Edges {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Round values from the left edge to the right one. */
export const yAxis = (y: Scale, { left, right }: Edges): readonly Html[] =>
  labelled(y).map(([tick, label]) => {
    const at = y.at(tick).toFixed(1)
    const line = html`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}" />`
    return html`${line}${written(label, left - 7, (y.at(tick) + 3.5).toFixed(1), 'end')}`
  })

/** Round values below the bottom edge. */
export const xAxis = (x: Scale, { bottom }: Edges): readonly Html[] =>
  labelled(x).map(([tick, label]) => written(label, x.at(tick).toFixed(1), bottom + 15, 'middle'))

const written = (label: string, x: string | number, y: string | number, anchor: string): Html =>
  html`<text class="tick" x="${x}" y="${y}" text-anchor="${anchor}">${label}</text>`

/** Lines from the top edge to the bottom one, at the same values. */
export const xGrid = (x: Scale, { top, bottom }: Edges): readonly Html[] =>
  labelled(x).map(([tick]) => {
    const at = x.at(tick).toFixed(1)
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}" />`
  })

function labelled({ low, high }: Scale): readonly (readonly [tick: number, label: string])[] {
  const found = ticks(low, high, 5)
  const labels = tickLabels(found)
  return found.map((tick, k) => [tick, labels[k] ?? ''])
}
