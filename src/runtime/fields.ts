import type { DataSpec, HostExpression } from '../artefact/data.js'
import type { Json } from '../artefact/json.js'
import { findHostFunction } from '../sources/registry.js'
import { bodies } from './host-functions/all.generated.js'
import type { ColumnValue, Dataset } from './sources/dataset.js'

type Row = Readonly<Record<string, ColumnValue>>
type Evaluate = (row: Row) => ColumnValue

/** An opened data declaration: its source's rows, and its fields as functions of them. */
export interface OpenData {
  readonly spec: DataSpec
  readonly dataset: Dataset
  readonly fields: ReadonlyMap<string, Evaluate>
}

/** Opens the sources of data declarations; `root` is the project root. */
export type OpenDataset = (spec: DataSpec, root: string) => Promise<Dataset>

/** Opens a declaration and prepares the host functions of its fields. */
export async function openData(spec: DataSpec, root: string, open: OpenDataset): Promise<OpenData> {
  const dataset = await open(spec, root)
  const fields = new Map<string, Evaluate>()
  for (const field of spec.fields) fields.set(field.name, await prepare(field.value, root))
  return { spec, dataset, fields }
}

async function prepare(expression: HostExpression, root: string): Promise<Evaluate> {
  switch (expression.kind) {
    case 'column':
      return (row) => {
        const value = row[expression.name]
        if (value === undefined) throw new Error(`the source has no column ${expression.name}`)
        return value
      }
    case 'literal':
      throw new Error('a data field is a constant')
    case 'call':
      return prepareCall(expression, root)
  }
}

/** A function's arguments that are columns are evaluated per row; the others are its settings. */
async function prepareCall(
  { function: name, arguments: given }: Extract<HostExpression, { kind: 'call' }>,
  root: string,
): Promise<Evaluate> {
  const definition = findHostFunction(name)
  const body = bodies.find((b) => b.name === name)
  if (!definition || !body) throw new Error(`no host function ${name}`)
  const settings: Record<string, Json> = {}
  const columns: [string, Evaluate][] = []
  for (const parameter of definition.parameters) {
    const argument = given[parameter.name]
    if (!argument) continue
    if (parameter.kind !== 'column' && argument.kind === 'literal') settings[parameter.name] = argument.value
    else columns.push([parameter.name, await prepare(argument, root)])
  }
  const call = await body.prepare(settings, root)
  return (row) => call(Object.fromEntries(columns.map(([to, value]) => [to, value(row)])))
}
