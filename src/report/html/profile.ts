import { mostRows, profileCells, profileNote } from '../profile.js'
import type { RunSummary } from '../run-summary.js'
import { html, type Html } from './html.js'

/** Where the time of each run with a profile went, by line of the source. */
export function profileSection(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const tables = runs.flatMap(({ profile, pipeline }, index) => {
    if (!profile) return []
    const more = profile.rows.length - mostRows
    return [
      html`<h3 style="margin-top:14px">${labels[index] ?? pipeline}</h3>
        <div class="scroll">
          <table class="profile">
            <thead>
              <tr>
                <th>line</th>
                <th>a step</th>
                <th>share</th>
                <th>moved</th>
                <th>of sgemm</th>
                <th>operators</th>
              </tr>
            </thead>
            <tbody>
              ${profileCells(profile).map(profileRow)}
            </tbody>
          </table>
        </div>
        <p class="note">${more > 0 ? `${more} more lines take less. ` : ''}${profileNote(profile)}.</p>`,
    ]
  })
  if (tables.length === 0) return null
  return html`<section>
    <h2>Where the time goes</h2>
    <p class="dim">
      What the nodes of each line of the source take of a step, forwards and backwards: time, bytes read and
      written, and the speed of products beside that of a large product of matrices.
    </p>
    ${tables}
  </section>`
}

function profileRow({
  line,
  time,
  share,
  moved,
  ofSgemm,
  operators,
}: ReturnType<typeof profileCells>[number]) {
  const percent = (100 * share).toFixed(1)
  return html`<tr>
    <th scope="row">${line}</th>
    <td data-label="a step"><span>${time}</span></td>
    <td data-label="share" class="share" style="--share: ${percent}%"><span>${percent} %</span></td>
    <td data-label="moved"><span>${moved}</span></td>
    <td data-label="of sgemm"><span>${ofSgemm === '' ? '–' : ofSgemm}</span></td>
    <td data-label="operators" class="operators"><span>${operators}</span></td>
  </tr> `
}
