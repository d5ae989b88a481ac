import type { HostExpression } from '../artefact/data.js'
import type { Json } from '../artefact/json.js'
import { comparisons } from '../comparisons.js'
import { canonical } from '../json/canonical.js'
import { findHostFunction } from '../sources/registry.js'
import { bodies } from './host-functions/all.generated.js'
import type { Draws } from './host-functions/host-body.js'
import type { Sample } from './order/order.js'
import { PictureCache } from './pictures/picture-cache.js'
import { Words } from './order/words.js'
import type { ColumnValue, Row } from './sources/dataset.js'
import { SampleUnreadable } from './sources/sample-unreadable.js'

type Late<T> = T | Promise<T>

/** A row on its way through host functions. */
export interface Making {
  readonly sample: Sample
  readonly seed: number
  /** What is known of its `let`s. */
  readonly lets: Map<string, Late<ColumnValue>>
}

/** An expression as a function of the row. */
export type Evaluate = (making: Making) => Late<ColumnValue>

/**
 * Prepares the host functions of an expression. `place` leads to it within its pipeline, and keys its draws; `lets` are
 * those above it.
 */
export async function prepareExpression(
  e: HostExpression,
  root: string,
  place: readonly string[],
  lets: ReadonlyMap<string, Evaluate> = new Map(),
): Promise<Evaluate> {
  switch (e.kind) {
    case 'column': {
      const { name } = e
      return ({ sample: { row } }) => columnOf(row, name)
    }
    case 'let': {
      const { name } = e
      const value = lets.get(name)
      if (!value) throw new Error(`no let ${name}`)
      return (making) => {
        const known = making.lets.get(name) ?? value(making)
        making.lets.set(name, known)
        return known
      }
    }
    case 'call':
      return prepareCall(e, root, place, lets)
    case 'literal':
    case 'operation':
      throw new Error(`a ${e.kind} makes no field`)
  }
}

/** The same for a number, a text or a truth value, which is 0 or 1. */
export async function prepareScalar(
  e: HostExpression,
  root: string,
  place: readonly string[],
): Promise<(making: Making) => Promise<number | string>> {
  if (e.kind === 'literal') {
    const value = typeof e.value === 'string' ? e.value : Number(e.value)
    return async () => value
  }
  if (e.kind === 'operation') {
    const operands = await Promise.all(
      e.operands.map((operand, k) => prepareScalar(operand, root, [...place, `${k}`])),
    )
    const { operator } = e
    return async (making) => {
      const [a = 0, b = 0] = await Promise.all(operands.map((operand) => operand(making)))
      return Number(operations[operator](a, b))
    }
  }
  const value = await prepareExpression(e, root, place)
  return async (making) => {
    const found = await value(making)
    if (typeof found === 'string') return found
    return 'kind' in found ? Number.NaN : Number(found[0])
  }
}

type Operator = Extract<HostExpression, { readonly kind: 'operation' }>['operator']

const operations: Readonly<Record<Operator, (a: number | string, b: number | string) => number | boolean>> = {
  ...comparisons,
  and: (a, b) => Boolean(a) && Boolean(b),
  or: (a, b) => Boolean(a) || Boolean(b),
  not: (a) => !a,
  '+': (a, b) => Number(a) + Number(b),
  '-': (a, b) => Number(a) - Number(b),
  '*': (a, b) => Number(a) * Number(b),
  '/': (a, b) => Number(a) / Number(b),
}

/** The columns that an expression reads. */
export function columnsIn(e: HostExpression): readonly string[] {
  switch (e.kind) {
    case 'column':
      return [e.name]
    case 'operation':
      return [...new Set(e.operands.flatMap(columnsIn))]
    case 'call':
      return [...new Set(Object.values(e.arguments).flatMap(columnsIn))]
    case 'literal':
    case 'let':
      return []
  }
}

function columnOf(row: Row, name: string): ColumnValue {
  const value = Object.hasOwn(row, name) ? row[name] : undefined
  if (value === undefined) throw new Error(`the source has no column ${name}`)
  if (typeof value === 'object' && 'kind' in value && value.kind === 'unreadable')
    throw new SampleUnreadable(value.sample, value.reason)
  return value
}

/** A function's arguments that are columns are evaluated per row; the others are its settings. */
async function prepareCall(
  { function: name, arguments: given }: Extract<HostExpression, { kind: 'call' }>,
  root: string,
  place: readonly string[],
  lets: ReadonlyMap<string, Evaluate>,
): Promise<Evaluate> {
  const definition = findHostFunction(name)
  const body = bodies.find((b) => b.name === name)
  if (!definition || !body) throw new Error(`no host function ${name}`)
  const settings: Record<string, Json> = {}
  const columns: (readonly [string, Evaluate])[] = []
  for (const parameter of definition.parameters) {
    const argument = given[parameter.name]
    if (!argument) continue
    if (parameter.kind !== 'column' && argument.kind === 'literal') settings[parameter.name] = argument.value
    else
      columns.push([
        parameter.name,
        await prepareExpression(argument, root, [...place, parameter.name], lets),
      ])
  }
  const call = await body.prepare(settings, root)
  const run: Evaluate = (making) => {
    const draws = new RowDraws(making, place)
    const values = columns.map(([, value]) => value(making))
    const called = (done: readonly ColumnValue[]) =>
      call(Object.fromEntries(columns.map(([to], i) => [to, done[i] ?? ''])), draws)
    // Most functions wait for nothing, and rows are many.
    return values.every(isMade)
      ? called(values)
      : Promise.all(values.map(async (value) => value)).then(called)
  }
  return definition.keeps ? kept(run, { kind: 'call', function: name, arguments: given }, root) : run
}

/** A value that is made where it is not kept yet. */
function kept(make: Evaluate, e: HostExpression, root: string): Evaluate {
  const [expression, columns] = [canonical(e), columnsIn(e)]
  let cache: PictureCache | undefined
  return (making) =>
    (cache ??= new PictureCache(root)).get(
      expression,
      columns.map((name) => columnOf(making.sample.row, name)),
      async () => make(making),
    )
}

const isMade = (value: Late<ColumnValue>): value is ColumnValue => !(value instanceof Promise)

class RowDraws implements Draws {
  private words: Words | undefined
  private count = 0

  constructor(
    private readonly making: Making,
    private readonly place: readonly string[],
  ) {}

  uniform(): number {
    const { seed, sample } = this.making
    this.words ??= Words.of(seed, 'row', ...this.place, sample.epoch, sample.id)
    return this.words.fraction(this.count++)
  }
}
