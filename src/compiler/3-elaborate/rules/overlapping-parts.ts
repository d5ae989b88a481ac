import type { DataSpec, RowPlan } from '../../../artefact/data.js'
import { overlap } from '../../../diagnostics/catalogue/data.js'
import { canonical } from '../../../json/canonical.js'
import type { NextItem } from '../../1-parse/syntax.js'
import { allClauses } from '../../2-resolve/flat-stage.js'
import type { NamedItem } from '../../2-resolve/flatten.js'
import { clauseNamesUsed, itemNamesUsed } from '../../2-resolve/names/free.js'
import type { Rule, RuleInput } from './rule.js'

/** Warns where what is measured may have been trained on: two parts of the same rows that are not known to share none. */
export const overlappingParts: Rule = (input, diagnostics) => {
  const { pipeline, statics } = input
  const trained = dataUsed(input, (need) => {
    for (const { clause } of pipeline.stages.flatMap(allClauses))
      if (clause.kind !== 'monitor') clauseNamesUsed(clause, need)
  })
  const measured = dataUsed(input, (need) => {
    for (const { item } of pipeline.items.values()) if (item.kind === 'evaluate') need(item.name.text)
  })
  for (const data of measured) {
    if (trained.has(data) || pipeline.items.get(data.name.text)?.inherited === true) continue
    for (const other of trained) {
      const [spec, of] = [statics.dataOf(data).spec, statics.dataOf(other).spec]
      if (!mayShare(spec, of)) continue
      diagnostics.add(
        overlap(data.source?.span ?? data.span, {
          data: spec.name,
          trained: of.name,
          of: other.source?.span ?? other.span,
        }),
      )
    }
  }
}

type DataItem = NamedItem & { readonly kind: 'data' }

/** The data that declarations read, through others. */
function dataUsed(
  { pipeline }: RuleInput,
  begin: (need: (name: string) => void) => void,
): ReadonlySet<DataItem> {
  const found = new Set<NamedItem>()
  const waiting: (NamedItem | NextItem)[] = []
  begin((name) => {
    const item = pipeline.items.get(name)?.item
    if (item) waiting.push(item)
  })
  for (let item = waiting.pop(); item; item = waiting.pop()) {
    if (item.kind === 'next' || found.has(item)) continue
    found.add(item)
    // the declarations whose rows it takes are not read for themselves
    if (item.kind === 'data') continue
    itemNamesUsed(item, (name) => {
      const used = pipeline.items.get(name)?.item
      if (used) waiting.push(used)
    })
  }
  return new Set([...found].filter((item) => item.kind === 'data'))
}

const mayShare = (a: DataSpec, b: DataSpec): boolean =>
  a.parts.some((one) => b.parts.some((other) => plansMayShare(one.rows, other.rows)))

/** Whether both take from the same rows, one of them a part, and not parts that lie next to each other. */
function plansMayShare(a: RowPlan, b: RowPlan): boolean {
  const [own, others] = [plansIn(a), plansIn(b)]
  const divided = [
    ...own.flatMap((plan) => (plan.kind === 'part' && others.some((o) => same(o, plan.of)) ? [plan] : [])),
    ...others.flatMap((plan) => (plan.kind === 'part' && own.some((o) => same(o, plan.of)) ? [plan] : [])),
  ]
  const apart = own.some((p) => others.some((q) => areApart(p, q)))
  return divided.length > 0 && !apart
}

function areApart(a: RowPlan, b: RowPlan): boolean {
  if (a.kind !== 'part' || b.kind !== 'part') return false
  const alike = same(a.of, b.of) && canonical(a.by) === canonical(b.by) && a.seed === b.seed
  return alike && (a.to <= b.from || b.to <= a.from)
}

const plansIn = (plan: RowPlan): readonly RowPlan[] =>
  plan.kind === 'source' ? [plan] : [plan, ...plansIn(plan.of)]

const same = (a: RowPlan, b: RowPlan): boolean => canonical(a) === canonical(b)
