import { type Comparison, compareRuns } from './compare.js'
import { balanceSection } from './html/balance.js'
import { classesSection } from './html/classes.js'
import { comparisonSection } from './html/comparison.js'
import { conflictSection } from './html/conflict.js'
import { curvesSection } from './html/curves.js'
import { differencesSection } from './html/differences.js'
import { factsSection } from './html/facts.js'
import { gateBanner, gateSection, gatesOf } from './html/gate.js'
import { mapsSection } from './html/maps.js'
import { monitorsSection } from './html/monitors.js'
import { pairsSection } from './html/pairs.js'
import { picturesSection } from './html/pictures.js'
import { profileSection } from './html/profile.js'
import { protocolsSection, publishedSection } from './html/protocols.js'
import { scopeSection } from './html/scope.js'
import { style } from './html/style.js'
import { html, Html } from './html/html.js'
import { runLabels, type RunSummary } from './run-summary.js'
import type { Scope } from './scope.js'

export interface ReportOptions {
  /** What the user typed to get these runs. */
  readonly commands: readonly string[]
  /** What the page is about; the runs by their names when absent. */
  readonly title?: string
  /** What is to be known of the runs that are shown one by one. */
  readonly note?: string
  /** What the runs are called; made of their pipelines and seeds when absent. */
  readonly labels?: readonly string[]
  /** The table of them; each against what it started from when absent. */
  readonly comparison?: Comparison
  /** What is known of the experiment that they are runs of. */
  readonly scope?: Scope
}

const distinct = (values: readonly (string | number)[]): string => [...new Set(values)].join(', ')

/** One self-contained HTML page about one or more runs: nothing is loaded from anywhere, no script runs. */
export function renderReport(runs: readonly RunSummary[], options: ReportOptions): string {
  const { commands, labels = runLabels(runs), comparison = compareRuns(runs, labels) } = options
  const gates = gatesOf(runs)
  const named = `${labels.length === 1 ? 'Run of ' : ''}${new Intl.ListFormat('en-GB').format(labels)}`
  const { title = named, note, scope } = options
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · dcrc</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${title}</h1>
            <ul class="facts">
              <li>seed <b>${distinct(runs.map((run) => run.seed))}</b></li>
              <li>target <b>${distinct(runs.map((run) => run.target))}</b></li>
              <li>dcrc <b>${distinct(runs.map((run) => run.compiler))}</b></li>
              ${runs.map(
                (run, i) =>
                  html`<li>
                    ${labels[i] ?? ''} <b><code>${run.hash.slice(0, 12)}</code></b>
                  </li>`,
              )}
            </ul>
            ${note === undefined ? null : html`<p class="dim">${note}</p>`}
          </header>
          ${gateBanner(gates, labels)} ${comparisonSection(comparison)} ${balanceSection(comparison)}
          ${scopeSection(runs, comparison, scope)} ${publishedSection(runs, labels)}
          ${pairsSection(runs, labels)} ${classesSection(runs, labels)} ${mapsSection(runs, labels)}
          ${picturesSection(runs, labels)} ${curvesSection(runs, labels)} ${monitorsSection(runs, labels)}
          ${conflictSection(runs, labels)} ${gateSection(gates, labels)} ${protocolsSection(runs)}
          ${differencesSection(runs, labels, scope)} ${profileSection(runs, labels)}
          ${factsSection(runs, labels, commands)}
        </main>
      </body>
    </html> `.text
}
