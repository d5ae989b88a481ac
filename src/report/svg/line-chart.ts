import { html, type Html } from '../html/html.js'
import { xAxis, yAxis } from './axes.js'
import { linear, type Scale } from './scale.js'
import { quantile, smooth, thin, type Point } from './series.js'

export interface Line {
  readonly label: string
  /** Number of its colour, see style.ts. */
  readonly colour: number
  readonly points: readonly Point[]
  readonly dashed?: boolean
}

export interface LineChart {
  readonly title: string
  readonly x: string
  readonly lines: readonly Line[]
  /** Points on either side that the bold line averages; 0 draws the points alone. */
  readonly radius: number
  /** A horizontal line with its name. */
  readonly mark?: { readonly value: number; readonly label: string }
  /** Draws a dot at each point. */
  readonly dots?: boolean
}

const width = 400
const height = 230
const plot = { left: 46, right: 12, top: 12, bottom: 34 }
/** All charts have the same plot, so that this may stand on a page more than once. */
const clipId = 'plot'
/** More points than pixels say nothing. */
const mostPoints = 500

/** A chart as inline SVG: axes with round ticks, each line raw (thin) and smoothed (bold), a legend where needed. */
export function lineChart(chart: LineChart): Html {
  const smoothed = chart.lines.map((line) => (chart.radius > 0 ? smooth(line.points, chart.radius) : []))
  const { x, y } = scales(chart, smoothed)
  const edges = { ...plot, right: width - plot.right, bottom: height - plot.bottom }
  const { right, bottom } = edges
  const path = (points: readonly Point[]): string =>
    thin(points, mostPoints)
      .map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${x.at(px).toFixed(1)} ${y.at(py).toFixed(1)}`)
      .join('')

  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.title}">
    <clipPath id="${clipId}">
      <rect
        x="${plot.left}"
        y="${plot.top - 4}"
        width="${right - plot.left + 4}"
        height="${bottom - plot.top + 4}"
      />
    </clipPath>
    ${yAxis(y, edges)}
    <line class="axis" x1="${plot.left}" x2="${right}" y1="${bottom}" y2="${bottom}" />
    ${xAxis(x, edges)}
    <text class="tick" x="${right}" y="${height - 4}" text-anchor="end">${chart.x}</text>
    <g clip-path="url(#${clipId})">
      ${chart.lines.map((line, i) => drawLine(line, path, smoothed[i] ?? [], chart))}
      ${chart.mark ? html`<line class="mark" x1="${plot.left}" x2="${right}" y1="${y.at(chart.mark.value).toFixed(1)}" y2="${y.at(chart.mark.value).toFixed(1)}" /><text class="tick" x="${right}" y="${(y.at(chart.mark.value) - 5).toFixed(1)}" text-anchor="end">${chart.mark.label}</text>` : null}
      ${chart.dots ? chart.lines.flatMap((line) => line.points.map(([px, py]) => html`<circle class="dot s${line.colour}" cx="${x.at(px).toFixed(1)}" cy="${y.at(py).toFixed(1)}" r="3" />`)) : null}
    </g>
  </svg>`
}

function drawLine(
  line: Line,
  path: (points: readonly Point[]) => string,
  smoothed: readonly Point[],
  { radius }: LineChart,
): Html {
  const dash = line.dashed ? ' dashed' : ''
  return radius > 0
    ? html`<path class="raw s${line.colour}" d="${path(line.points)}" /><path
          class="line s${line.colour}${dash}"
          d="${path(smoothed)}"
        />`
    : html`<path class="line s${line.colour}${dash}" d="${path(line.points)}" />`
}

/** All points are seen; where there is a smoothed line rare spikes of the raw one (1 in 50) may lie outside. */
function scales(
  { lines, mark, dots }: LineChart,
  smoothed: readonly (readonly Point[])[],
): { x: Scale; y: Scale } {
  const points = lines.flatMap((line) => line.points)
  const steps = points.map(([step]) => step)
  const values = points.map(([, value]) => value)
  const bold = smoothed.flat().map(([, value]) => value)
  const spikes = bold.length > 0 ? 0.02 : 0
  const sure = [...bold, ...(mark ? [mark.value] : [])]
  const low = Math.min(quantile(values, spikes), ...sure)
  const high = Math.max(quantile(values, 1 - spikes), ...sure)
  const room = (high - low || Math.abs(high) || 1) * 0.06
  const [first, last] = [Math.min(...steps), Math.max(...steps)]
  const side = dots ? (last - first) * 0.03 : 0
  return {
    x: linear(first - side, last + side, plot.left, width - plot.right),
    y: linear(low - room, high + room, height - plot.bottom, plot.top),
  }
}

/** The names of lines beside their colours. */
export function legend(lines: readonly Pick<Line, 'label' | 'colour' | 'dashed'>[]): Html {
  return html`<p class="legend">
    ${lines.map(
      (line) =>
        html`<span
          ><svg viewBox="0 0 22 8" width="22" height="8" aria-hidden="true">
            <path class="line s${line.colour}${line.dashed ? ' dashed' : ''}" d="M1 4H21" />
          </svg>
          ${line.label}</span
        >`,
    )}
  </p>`
}
