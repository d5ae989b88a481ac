import type { Column, Comparison } from '../compare.js'
import { balanceChart, type BalancePoint } from '../svg/balance-chart.js'
import { colourOf } from './comparison.js'
import { html, type Html } from './html.js'

/** Two primary metrics against each other, a point for each row: who gains in one, and what that costs in the other. */
export function balanceSection({ columns, rows }: Comparison): Html | null {
  const [x, y] = columns.flatMap((column, c) => (column.primary ? [{ column, c }] : []))
  if (!x || !y) return null
  const points = rows.flatMap(({ label, run, isNoise, isReference, cells }): readonly BalancePoint[] => {
    const [across, along] = [cells[x.c], cells[y.c]]
    if (isNoise || isReference || !across || !along || across.value === null || along.value === null)
      return []
    return [
      {
        label,
        colour: colourOf(run),
        hollow: run === null,
        x: { value: across.value, half: across.deviation },
        y: { value: along.value, half: along.deviation },
      },
    ]
  })
  if (points.length < 2) return null
  return html`<section>
    <h2>Balance</h2>
    <p class="dim">
      ${nameOf(x.column)} against ${nameOf(y.column)}, with the ± of the table. ${towards(x.column, y.column)}
    </p>
    ${balanceChart(`${nameOf(y.column)} by ${nameOf(x.column)}`, { x: nameOf(x.column), y: nameOf(y.column) }, points)}
    <p class="legend">
      ${points.map(
        ({ label, colour }) =>
          html`<span><span class="swatch s${colour}" style="margin:0"></span>${label}</span>`,
      )}
    </p>
  </section>`
}

const nameOf = ({ group, label }: Column): string => `${group} ${label}`

function towards(x: Column, y: Column): string {
  const sides = [
    x.better === 'higher' ? 'right' : x.better === 'lower' ? 'left' : '',
    y.better === 'higher' ? 'up' : y.better === 'lower' ? 'down' : '',
  ].filter((side) => side !== '')
  return sides.length === 0 ? '' : `Better is ${sides.join(' and ')}.`
}
