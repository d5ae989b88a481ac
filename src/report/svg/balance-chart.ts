import { html, type Html } from '../html/html.js'
import { xAxis, xGrid, yAxis } from './axes.js'
import { linear, type Scale } from './scale.js'

/** A value with half of its interval, where that is known. */
export interface Spread {
  readonly value: number
  readonly half: number | null
}

export interface BalancePoint {
  readonly label: string
  readonly colour: number
  readonly hollow: boolean
  readonly x: Spread
  readonly y: Spread
}

const width = 400
const height = 290
const plot = { left: 52, right: 12, top: 12, bottom: 40 }

/** Points with both of their intervals. */
export function balanceChart(
  title: string,
  axes: { readonly x: string; readonly y: string },
  points: readonly BalancePoint[],
): Html {
  const edges = { ...plot, right: width - plot.right, bottom: height - plot.bottom }
  const { right, bottom } = edges
  const x = scaleOf(
    points.map((point) => point.x),
    plot.left,
    right,
  )
  const y = scaleOf(
    points.map((point) => point.y),
    bottom,
    plot.top,
  )
  const at = (scale: Scale, value: number): string => scale.at(value).toFixed(1)
  return html`<svg class="chart balance" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
    ${xGrid(x, edges)} ${xAxis(x, edges)} ${yAxis(y, edges)}
    <text class="tick" x="${right}" y="${height - 6}" text-anchor="end">${axes.x}</text>
    <text class="tick" transform="translate(12 ${plot.top}) rotate(-90)" text-anchor="end">${axes.y}</text>
    ${points.map((point) => {
      const [px, py] = [at(x, point.x.value), at(y, point.y.value)]
      const across = point.x.half
      const along = point.y.half
      return html`<g class="s${point.colour}">
        <title>${point.label}</title>
        ${across === null ? null : html`<line class="line" x1="${at(x, point.x.value - across)}" x2="${at(x, point.x.value + across)}" y1="${py}" y2="${py}" />`}
        ${along === null ? null : html`<line class="line" x1="${px}" x2="${px}" y1="${at(y, point.y.value - along)}" y2="${at(y, point.y.value + along)}" />`}
        <circle class="${point.hollow ? 'hollow' : 'dot'}" cx="${px}" cy="${py}" r="5" />
      </g>`
    })}
  </svg>`
}

/** All intervals, with some room. */
function scaleOf(values: readonly Spread[], from: number, to: number): Scale {
  const low = Math.min(...values.map(({ value, half }) => value - (half ?? 0)))
  const high = Math.max(...values.map(({ value, half }) => value + (half ?? 0)))
  const room = (high - low || Math.abs(high) || 1) * 0.08
  return linear(low - room, high + room, from, to)
}
