import type { DataSpec, HostExpression } from '../artefact/data.js'
import type { Json } from '../artefact/json.js'
import { findHostFunction } from '../sources/registry.js'
import { bodies } from './host-functions/all.generated.js'
import type { Draws } from './host-functions/host-body.js'
import type { Sample } from './order/order.js'
import { Words } from './order/words.js'
import { allRows } from './rows/all-rows.js'
import type { Rows } from './rows/rows.js'
import type { ColumnValue, Dataset, Row, RowStream } from './sources/dataset.js'

/** A sample of a data declaration on its way through the host functions of its fields. */
interface Making {
  readonly sample: Sample
  readonly seed: number
}

type Evaluate = (making: Making) => ColumnValue | Promise<ColumnValue>

/** An opened data declaration: its rows, and its fields as functions of them. */
export interface OpenData {
  readonly spec: DataSpec
  readonly rows: Rows
  /** All rows by number: those of a stream are counted when this is first asked for. */
  all(): Promise<Dataset>
  /** Fields of a row, by name. What is drawn for them follows from the seed, the epoch and the row alone. */
  fields(sample: Sample, names: readonly string[], seed: number): Promise<readonly ColumnValue[]>
}

/** Opens the sources of data declarations; `root` is the project root. */
export type OpenDataset = (spec: DataSpec, root: string) => Promise<Dataset | RowStream>

/** Opens a declaration and prepares the host functions of its fields. */
export async function openData(spec: DataSpec, root: string, open: OpenDataset): Promise<OpenData> {
  const rows = await open(spec, root)
  const fields = new Map<string, Evaluate>()
  for (const { name, value } of spec.fields) fields.set(name, await prepare(value, root, [spec.name, name]))
  return {
    spec,
    ...withAll(rows),
    fields: (sample, names, seed) =>
      Promise.all(
        names.map((name) => {
          const field = fields.get(name)
          if (!field) throw new Error(`data ${spec.name} has no field ${name}`)
          return field({ sample, seed })
        }),
      ),
  }
}

/** Rows, and how to get at all of them. */
export function withAll(rows: Rows): Pick<OpenData, 'rows' | 'all'> {
  let all: Promise<Dataset> | undefined
  return { rows, all: () => (all ??= allRows(rows)) }
}

/** `place` leads to an expression within its pipeline, and keys its draws. */
async function prepare(
  expression: HostExpression,
  root: string,
  place: readonly string[],
): Promise<Evaluate> {
  switch (expression.kind) {
    case 'column': {
      const { name } = expression
      return ({ sample: { row } }) => columnOf(row, name)
    }
    case 'literal':
      throw new Error('a data field is a constant')
    case 'call':
      return prepareCall(expression, root, place)
  }
}

function columnOf(row: Row, name: string): ColumnValue {
  const value = Object.hasOwn(row, name) ? row[name] : undefined
  if (value === undefined) throw new Error(`the source has no column ${name}`)
  return value
}

/** A function's arguments that are columns are evaluated per row; the others are its settings. */
async function prepareCall(
  { function: name, arguments: given }: Extract<HostExpression, { kind: 'call' }>,
  root: string,
  place: readonly string[],
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
    else columns.push([parameter.name, await prepare(argument, root, [...place, parameter.name])])
  }
  const call = await body.prepare(settings, root)
  return (making) => {
    const draws = new RowDraws(making, place)
    const values = columns.map(([, value]) => value(making))
    const run = (done: readonly ColumnValue[]) =>
      call(Object.fromEntries(columns.map(([to], i) => [to, done[i] ?? ''])), draws)
    // Most functions wait for nothing, and rows are many.
    return values.every(isMade) ? run(values) : Promise.all(values).then(run)
  }
}

const isMade = (value: ColumnValue | Promise<ColumnValue>): value is ColumnValue =>
  !(value instanceof Promise)

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
