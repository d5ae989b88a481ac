import { html, type Html } from '../html/html.js'
import { linear } from './scale.js'

export interface Place {
  readonly x: number
  readonly y: number
  /** Which colour, of how many. */
  readonly colour: number
}

const size = 320
const margin = 8

/** Dots on a plane, whose axes mean nothing. */
export function mapChart(title: string, places: readonly Place[]): Html {
  const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)]
  const scale = (values: readonly number[]) =>
    linear(Math.min(...values), Math.max(...values), margin, size - margin)
  const [x, y] = [scale(xs), scale(ys)]
  return html`<svg class="chart map" viewBox="0 0 ${size} ${size}" role="img" aria-label="${title}">
    ${places.map((place) => html`<circle class="c${place.colour}" cx="${x.at(place.x).toFixed(1)}" cy="${y.at(place.y).toFixed(1)}" r="2.2" />`)}
  </svg>`
}
