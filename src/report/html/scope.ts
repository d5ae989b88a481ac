import { groupsOf, headingOf, type Comparison } from '../compare.js'
import { count, decimal, short } from '../format.js'
import { metricsAtStart, type RunSummary } from '../run-summary.js'
import type { Scope } from '../scope.js'
import { html, type Html } from './html.js'

/** What the page can show and what not: sizes, seeds, power, and what is missing. */
export function scopeSection(
  runs: readonly RunSummary[],
  comparison: Comparison,
  scope: Scope | undefined,
): Html | null {
  if (comparison.columns.length === 0) return null
  const said = [
    ...trained(runs),
    seedsText(scope?.seeds ?? 1),
    ...(scope?.power ?? []).map(
      ({ metric, detectable }) =>
        `${metric}: a true difference from ${comparison.against} of ${decimal(detectable)} or more would have been seen in 80 % of repetitions; a smaller one may be there unseen.`,
    ),
    ...standing(runs),
    ...apart(comparison),
    ...cut(scope?.missing ?? []),
    'Nothing here speaks of other data, larger models or longer training.',
  ]
  return html`<section>
    <h2>What this shows, and what it cannot</h2>
    <ul class="says">
      ${[...new Set(said)].map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
  </section>`
}

/** More than a reader goes through are counted. */
const most = 12
const cut = (sentences: readonly string[]): readonly string[] =>
  sentences.length <= most
    ? sentences
    : [...sentences.slice(0, most), `and ${sentences.length - most} more runs that gave nothing yet`]

function seedsText(seeds: number): string {
  if (seeds === 1) return 'One training seed for each row: what another would give is not known.'
  return seeds === 2
    ? 'Two training seeds for each row: too few for an interval.'
    : `${seeds} training seeds for each row; intervals and verdicts are over them.`
}

/** How much is trained; rows that train as much are told together. */
function trained(runs: readonly RunSummary[]): readonly string[] {
  const texts = runs.map(({ stages }) =>
    stages.map(({ name, steps, trained: of }) => `${count(steps)} steps of ${name} (${short(of)} numbers)`),
  )
  return [...new Set(texts.map((stages) => stages.join(', then ')))].flatMap((text) =>
    text === '' ? [] : [`Trained: ${text}.`],
  )
}

/** Metrics by which methods cannot be told apart. */
function standing(runs: readonly RunSummary[]): readonly string[] {
  return runs.flatMap((run) =>
    run.evaluations.flatMap(({ name }) =>
      Object.entries(metricsAtStart(run, name) ?? {}).flatMap(([key, at]) =>
        key.endsWith('_at') && typeof at === 'string'
          ? [
              `${name} ${key.slice(0, -'_at'.length)} is at the ${at} before training: it can hardly tell the rows apart.`,
            ]
          : [],
      ),
    ),
  )
}

/** What not all rows have measured. */
function apart({ columns, rows }: Comparison): readonly string[] {
  const methods = rows.filter(({ run }) => run !== null)
  if (methods.length < 2) return []
  const own = columns.map((_, c) => methods.filter(({ cells }) => (cells[c]?.value ?? null) !== null))
  if (own.every((measured) => measured.length <= 1))
    return ['These rows have no measurement in common: nothing here compares them.']
  return methods.flatMap((row) => {
    const without = columns.filter((column, c) => column.group !== 'conflict' && !own[c]?.includes(row))
    const named = groupsOf(without).map(
      (group) => `${group[0]?.group ?? ''} (${group.map(headingOf).join(', ')})`,
    )
    return named.length === 0 ? [] : [`${row.label} has no ${named.join(', ')}.`]
  })
}
