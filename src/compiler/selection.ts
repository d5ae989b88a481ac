import type { WatchedMetric } from '../artefact/stages.js'
import { badSelection } from '../diagnostics/catalogue/ablation.js'
import type { Diagnostics } from '../diagnostics/diagnostic.js'
import { disjoint } from './disjoint.js'
import type { PrimaryEntry } from './1-parse/syntax.js'
import type { SelectedValues } from './3-elaborate/ablation-values.js'
import { type Lowered, dataRead } from './4-lower/lowered.js'

/** How each variant gets a value of a param before the variants are compared. */
export interface Selection {
  readonly param: string
  readonly by: WatchedMetric
  readonly seeds: readonly number[]
}

/** Checks that what chooses is not what compares. */
export function checkSelection(
  { entry, seeds: own }: SelectedValues,
  by: WatchedMetric,
  seeds: readonly number[],
  primary: { readonly entry: PrimaryEntry | undefined; readonly metrics: readonly WatchedMetric[] },
  lowered: readonly Lowered[],
  diagnostics: Diagnostics,
): Selection {
  const both = own.filter((seed) => seeds.includes(seed))
  if (both.length > 0)
    diagnostics.add(
      badSelection(entry.seeds.span, {
        message: `seed ${both.join(', ')} would choose \`${entry.param.text}\` and compare the variants`,
        help: 'choose on other seeds: `on seeds 100..103`',
      }),
    )
  if (!primary.entry)
    diagnostics.add(
      badSelection(entry.span, {
        message: 'nothing says what the variants are compared by, so what chooses may be that',
        help: 'add `primary evaluation.metric`, measured on other data',
      }),
    )
  const told = new Set<string>()
  for (const { evaluations, data } of lowered)
    for (const { evaluation } of primary.metrics) {
      const read = [by.evaluation, evaluation].map((name) => {
        const found = evaluations.find((e) => e.name === name)
        const names = found ? dataRead(found) : new Set<string>()
        return data.filter((d) => names.has(d.name))
      })
      const [choosing = [], comparing = []] = read
      for (const a of choosing)
        for (const b of comparing) {
          if (disjoint(a, b) || told.has(`${a.name} ${b.name}`)) continue
          told.add(`${a.name} ${b.name}`)
          const same = a.name === b.name
          diagnostics.add(
            badSelection(entry.by.span, {
              message: same
                ? `\`${entry.param.text}\` would be chosen on the data of \`${evaluation}\`, by which the variants are compared: \`${a.name}\``
                : `\`${a.name}\`, on which \`${entry.param.text}\` is chosen, may share rows with \`${b.name}\` of \`${evaluation}\`, by which the variants are compared`,
              help: 'choose by an evaluation of other rows: `part(all, 0%..50%)` beside `part(all, 50%..100%)`',
              ...(primary.entry ? { first: primary.entry.span } : {}),
            }),
          )
        }
    }
  return { param: entry.param.text, by, seeds: own }
}
