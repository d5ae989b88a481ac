import type { RunSummary } from '../run-summary.js'
import type { Scope } from '../scope.js'
import { html, type Html } from './html.js'

/** What tells the rows apart: params of other values, and the declarations of the source. */
export function differencesSection(
  runs: readonly RunSummary[],
  labels: readonly string[],
  scope: Scope | undefined,
): Html | null {
  const params = paramsTable(runs, labels)
  const rows = (scope?.differences ?? []).flatMap(({ label, declarations }) =>
    declarations.length === 0
      ? []
      : [
          html`<details>
            <summary>${label}</summary>
            ${declarations.map(
              ({ at, text, of }) =>
                html`<p class="note" style="margin-top:8px">${of === 'base' ? 'without' : 'with'} ${at}</p>
                  <pre>${text}</pre>`,
            )}
          </details>`,
        ],
  )
  if (!params && rows.length === 0) return null
  const [first] = scope?.differences ?? []
  return html`<section>
    <h2>Differences</h2>
    ${
      rows.length === 0
        ? null
        : html`<p class="dim">
            The declarations of the source by which a row differs from ${first?.label ?? ''}.
          </p>`
    }
    ${params} ${rows}
  </section>`
}

/** The params whose values differ. */
function paramsTable(runs: readonly RunSummary[], labels: readonly string[]): Html | null {
  const names = [...new Set(runs.flatMap(({ params }) => Object.keys(params)))]
  const text = ({ params }: RunSummary, name: string): string => {
    const value = params[name]
    return value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)
  }
  const differing = names.filter((name) => new Set(runs.map((run) => text(run, name))).size > 1)
  if (differing.length === 0) return null
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th></th>
          ${differing.map((name) => html`<th>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${runs.map(
          (run, r) =>
            html`<tr>
              <th scope="row">${labels[r] ?? run.pipeline}</th>
              ${differing.map((name) => html`<td data-label="${name}"><span>${text(run, name)}</span></td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
