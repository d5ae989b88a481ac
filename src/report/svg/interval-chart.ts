import { html, type Html } from '../html/html.js'
import { percent } from '../format.js'
import type { Share } from '../conflict.js'
import { linear } from './scale.js'

/** A share with its interval, on a line of its own. */
export interface Interval {
  readonly label: string
  readonly colour: number
  readonly hollow: boolean
  readonly share: Share
}

const width = 400
const rowHeight = 26
const plot = { left: 142, right: 52, top: 6, bottom: 24 }

/** Shares from 0 to 100 % as dots with their 95 % intervals, chance (one half) marked. */
export function intervalChart(title: string, rows: readonly Interval[]): Html {
  const height = plot.top + rows.length * rowHeight + plot.bottom
  const bottom = height - plot.bottom
  const x = linear(0, 1, plot.left, width - plot.right)
  const px = (share: number): string => x.at(share).toFixed(1)
  return html`<svg class="chart intervals" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
    ${[0, 0.25, 0.5, 0.75, 1].map((tick) => html`<line class="${tick === 0.5 ? 'mark' : 'grid'}" x1="${px(tick)}" x2="${px(tick)}" y1="${plot.top}" y2="${bottom}" /><text class="tick" x="${px(tick)}" y="${bottom + 16}" text-anchor="middle">${percent(tick).replace('.0', '')}</text>`)}
    ${rows.map(({ label, colour, hollow, share }, i) => {
      const y = plot.top + (i + 0.5) * rowHeight
      return html`<text class="name" x="${plot.left - 12}" y="${y + 4}" text-anchor="end">${label}</text
        ><line
          class="line s${colour}"
          x1="${px(share.low)}"
          x2="${px(share.high)}"
          y1="${y}"
          y2="${y}"
        /><circle
          class="${hollow ? 'hollow' : 'dot'} s${colour}"
          cx="${px(share.share)}"
          cy="${y}"
          r="4.5"
        /><text class="name" x="${width}" y="${y + 4}" text-anchor="end">${percent(share.share)}</text>`
    })}
  </svg>`
}
