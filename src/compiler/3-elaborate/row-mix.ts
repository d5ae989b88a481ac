import { type HostExpression, sourceOf } from '../../artefact/data.js'
import { badMix, unlikeMix } from '../../diagnostics/catalogue/data.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { formatType, sameShape } from '../../graph/types.js'
import { findSource } from '../../sources/registry.js'
import type { ColumnType } from '../../sources/source.js'
import type { Expression } from '../1-parse/syntax.js'
import { fail } from './elaboration.js'
import type { RowScope, RowValue } from './host-expression.js'
import type { RowContext, TakenField, TakenRows } from './taken-rows.js'
import { type Val, describe } from './values.js'

/** A static argument. */
export interface Given {
  readonly value: Val
  readonly span: Span
}

/** The rows of several declarations, by weight or as one set. */
export function mixed(
  list: Expression | undefined,
  given: Given | undefined,
  span: Span,
  c: RowContext,
): TakenRows {
  if (list?.kind !== 'list' || list.items.length === 0)
    return fail(
      wrongType(list?.span ?? span, {
        wanted: 'a list of data such as `[a, b]`',
        got: 'something else',
        where: '`data` of `mix`',
      }),
    )
  const operands = list.items.map((item) => ({ span: item.span, rows: c.rows(item, item.span) }))
  const weights =
    given && given.value.kind !== 'none' ? weightsOf(given.value, given.span, operands.length) : null
  if (!weights)
    for (const { span: at, rows } of operands) {
      if (rows.weights.length > 1)
        fail(badMix(at, { message: 'a mix with weights is mixed by weights alone', help: 'give `weights`' }))
      if (rows.parts.some((part) => findSource(sourceOf(part.rows).source)?.streams))
        fail(
          badMix(at, {
            message: 'a stream is mixed by weights alone: nobody knows how many rows it has',
            help: 'give `weights`, such as `weights = [1, 1]`',
          }),
        )
    }
  const parts: TakenRows['parts'][number][] = []
  const groups: number[] = []
  operands.forEach(({ rows }, k) => {
    const first = weights ? groups.length : 0
    const sum = rows.weights.reduce((a, b) => a + b, 0)
    for (const part of rows.parts) parts.push({ ...part, group: first + part.group })
    if (weights) groups.push(...rows.weights.map((weight) => ((weights[k] ?? 0) * weight) / sum))
  })
  return { parts: parts, weights: weights ? groups : [1], ...alike(operands, parts, c) }
}

function weightsOf(value: Val, span: Span, count: number): readonly number[] {
  const items = value.kind === 'list' || value.kind === 'tuple' ? value.items : []
  const numbers = items.flatMap((item) => (item.kind === 'int' || item.kind === 'float' ? [item.value] : []))
  if (numbers.length !== items.length || items.length === 0)
    return fail(
      wrongType(span, { wanted: 'a list of numbers', got: describe(value), where: '`weights` of `mix`' }),
    )
  if (numbers.length !== count)
    return fail(
      badMix(span, {
        message: `${numbers.length} weights for ${count} data sets`,
        help: 'give one weight for each',
      }),
    )
  if (numbers.some((n) => !(n > 0) || !Number.isFinite(n)))
    return fail(badMix(span, { message: 'a weight is not above 0', help: 'leave out what is not wanted' }))
  return numbers
}

interface Operand {
  readonly span: Span
  readonly rows: TakenRows
}

/** What rows of several declarations have in common: all of their fields or, where none has fields, columns. */
function alike(
  operands: readonly Operand[],
  parts: TakenRows['parts'],
  c: RowContext,
): Pick<TakenRows, 'scope' | 'fields'> & Partial<Pick<TakenRows, 'parts'>> {
  const [first, ...rest] = operands
  if (!first) throw new Error('unreachable: a mix is of something')
  const unlike = (at: Span, message: string): never => fail(unlikeMix(at, { message, first: first.span }))
  for (const { span, rows } of rest) {
    const [mine, others] = [typesOf(first.rows), typesOf(rows)]
    for (const name of new Set([...mine.keys(), ...others.keys()])) {
      const [a, b] = [mine.get(name), others.get(name)]
      if (a === undefined) unlike(span, `it has a field \`${name}\`, which the first has not`)
      else if (b === undefined) unlike(span, `it has no field \`${name}\``)
      else if (a !== b) unlike(span, `its field \`${name}\` is ${b}, that of the first ${a}`)
    }
  }
  if (first.rows.fields.length === 0) return { fields: [], scope: commonColumns(operands) }
  const taken = new Set(parts.flatMap(({ lets }) => lets.map(({ name }) => name)))
  const scope = new Map<string, RowValue>()
  const fields: TakenField[] = []
  const lets: { readonly name: string; readonly values: readonly HostExpression[] }[] = []
  for (const { field, span } of first.rows.fields) {
    let name = `${c.name}.${field.name}`
    while (taken.has(name)) name = `${name}'`
    const same = operands.flatMap(({ rows }) => rows.fields.filter((f) => f.field.name === field.name))
    const values = same.flatMap((f) => f.values)
    const bytes = same.every((f) => f.bytes)
    lets.push({ name, values })
    const value: HostExpression = { kind: 'let', name }
    scope.set(field.name, { value, type: { kind: 'tensor', dtype: field.dtype, shape: field.shape } })
    fields.push({ field, bytes, span, values: parts.map(() => value) })
  }
  const named = parts.map((part, p) => ({
    ...part,
    lets: [
      ...part.lets,
      ...lets.flatMap(({ name, values }) => (values[p] ? [{ name, value: values[p] }] : [])),
    ],
  }))
  return { scope, fields, parts: named }
}

const typesOf = ({ fields }: TakenRows): ReadonlyMap<string, string> =>
  new Map(fields.map(({ field }) => [field.name, formatType(field)]))

function commonColumns([first, ...rest]: readonly Operand[]): RowScope {
  const common = [...(first?.rows.scope ?? [])].filter(
    ([name, { value, type }]) =>
      value.kind === 'column' &&
      rest.every(({ rows }) => {
        const other = rows.scope.get(name)
        return other?.value.kind === 'column' && sameColumn(type, other.type)
      }),
  )
  return new Map(common)
}

const sameColumn = (a: ColumnType, b: ColumnType): boolean =>
  a.kind === 'tensor' && b.kind === 'tensor'
    ? a.dtype === b.dtype && sameShape(a.shape, b.shape)
    : a.kind === b.kind
