import type { DataSpec, RowPlan, SourcePlan } from '../artefact/data.js'
import type { Json } from '../artefact/json.js'
import { canonical } from '../json/canonical.js'
import { findSource } from '../sources/registry.js'

/**
 * Whether two data declarations are known to share no row: they read parts of equal plans that do not overlap, values of
 * a source's settings that stand for other rows, or a data set that no other source reads. Of two sources that read any
 * files nothing is known: a table may list the pictures of a folder.
 */
export const disjoint = (a: Pick<DataSpec, 'parts'>, b: Pick<DataSpec, 'parts'>): boolean =>
  a.parts.every((one) => b.parts.every((other) => disjointRows(one.rows, other.rows)))

function disjointRows(a: RowPlan, b: RowPlan): boolean {
  const [p, q] = [plansIn(a), plansIn(b)]
  return p.some((one) => q.some((other) => apart(one, other)))
}

/** A plan, and those that it takes rows of. */
const plansIn = (plan: RowPlan): readonly RowPlan[] =>
  plan.kind === 'source' ? [plan] : [plan, ...plansIn(plan.of)]

function apart(a: RowPlan, b: RowPlan): boolean {
  if (a.kind === 'source' && b.kind === 'source')
    return a.source === b.source ? otherRows(a, b) : readsOneSet(a) || readsOneSet(b)
  // Pairs in two parts share no pair, but rows.
  if (a.kind !== 'part' || b.kind !== 'part' || plansIn(a).some(({ kind }) => kind === 'pairs')) return false
  const cut = ({ of, by, seed }: typeof a): string => canonical({ of, by, seed })
  return cut(a) === cut(b) && (a.to <= b.from || b.to <= a.from)
}

/** What says which of its settings stand for other rows reads one data set, in files of its own form. */
const readsOneSet = ({ source }: SourcePlan): boolean => findSource(source)?.apart !== undefined

function otherRows(a: SourcePlan, b: SourcePlan): boolean {
  const source = findSource(a.source)
  return (source?.apart ?? []).some((name) => {
    const given = source?.parameters.find((parameter) => parameter.name === name)?.default ?? null
    const [x, y] = [a, b].map(({ arguments: values }) => itemsOf(values[name] ?? given))
    return x?.every((item) => !y?.includes(item)) ?? false
  })
}

const itemsOf = (value: Json): readonly string[] =>
  (Array.isArray(value) ? (value as readonly Json[]) : [value]).map((item) => JSON.stringify(item))
