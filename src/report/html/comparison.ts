import { groupsOf, headingOf, sentences, type Cell, type Column, type Comparison } from '../compare.js'
import { decimal, percent, signed } from '../format.js'
import { html, type Html } from './html.js'

/** The table of methods: a value, its spread and the verdict against the start, per metric. */
export function comparisonSection(comparison: Comparison): Html | null {
  const { columns, rows, against, rule } = comparison
  if (columns.length === 0) return null
  return html`<section>
    <h2>Comparison</h2>
    <p class="dim">
      ${against === 'Original' ? 'Each method against the model it started from.' : `Each variant against ${against}.`}
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th></th>
            ${groupsOf(columns).map((group) => html`<th class="group" colspan="${group.length}"><span>${group[0]?.group ?? ''}</span></th>`)}
          </tr>
          <tr>
            <th></th>
            ${columns.map((column) => html`<th title="${column.doc}">${headingOf(column)}${arrow(column)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, r) =>
              html`<tr>
                <th scope="row">
                  ${row.isNoise ? null : html`<span class="swatch s${colourOf(row.run)}"></span>`}${row.label}
                </th>
                ${row.cells.map((cell, c) => tableCell(cell, columns[c], columns[c]?.best === r))}
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
    <ul class="says">
      ${sentences(comparison).map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
    <p class="note" style="margin-top:14px">${rule}</p>
  </section>`
}

/** What the methods started from is grey; methods have the colours in order, again from the first after the last. */
export const colourOf = (run: number | null): number => (run === null ? 0 : 1 + (run % 6))

const arrow = (column: Column): string =>
  column.better === 'higher' ? ' ↑' : column.better === 'lower' ? ' ↓' : ''

function tableCell(cell: Cell, column: Column | undefined, best: boolean): Html | null {
  if (!column) return null
  const label = `${column.group} ${headingOf(column)}${arrow(column)}`
  if (cell.value === null) return html`<td data-label="${label}"><span class="dim">–</span></td>`
  const write = column.unit === 'share' ? percent : decimal
  const spread =
    cell.deviation === null ? null : html` <small>±${write(cell.deviation).replace(' %', '')}</small>`
  return html`<td data-label="${label}" ${best ? html` class="best"` : null}>
    <span class="value">${write(cell.value)}${spread}</span>${verdict(cell, best)}
  </td>`
}

function verdict({ verdict, effect, against }: Cell, best: boolean): Html | null {
  if (typeof against === 'number') {
    const said = verdict === 'none' ? 'no difference seen' : 'different'
    return html`<span class="verdict">null ${percent(against)}</span><span class="verdict">${said}</span>`
  }
  const size = effect === null ? '' : signed(effect)
  switch (verdict) {
    case 'better':
      return html`<span class="verdict better">▲ ${size} better${best ? html`, <b>best</b>` : null}</span>`
    case 'worse':
      return html`<span class="verdict worse">▼ ${size} worse</span>`
    case 'different':
      return html`<span class="verdict">${size} different</span>`
    case 'none':
      return html`<span class="verdict">no difference seen</span>`
    case 'unknown':
      return size === '' ? null : html`<span class="verdict">${size}, noise not known</span>`
    default:
      return null
  }
}
