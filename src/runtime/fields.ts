import { createHash } from 'node:crypto'
import type { DataPart, DataSpec } from '../artefact/data.js'
import { canonical } from '../json/canonical.js'
import { type Evaluate, prepareExpression } from './host-expression.js'
import type { Sample } from './order/order.js'
import { allRows } from './rows/all-rows.js'
import { type OpenDataset, openRows } from './rows/open-rows.js'
import type { Group, Part, Rows } from './rows/rows.js'
import type { Table } from './rows/table.js'
import { HostPool, isHeavy } from './host-pool.js'
import { tensorOf } from './pictures/tensor-of.js'
import type { ColumnValue, TensorValue } from './sources/dataset.js'

/** An opened data declaration: its rows, and its fields as functions of them. */
export interface OpenData {
  readonly spec: DataSpec
  readonly rows: Rows
  /** All rows by number: those of a stream are counted when this is first asked for. */
  all(): Promise<Table>
  readonly fields: MakeFields
}

/**
 * Fields of a row, by name. What is drawn for them follows from the seed, the epoch and the row alone. Throws
 * SampleUnreadable.
 */
export type MakeFields = (
  sample: Sample,
  names: readonly string[],
  seed: number,
) => Promise<readonly TensorValue[]>

/** Opens a declaration and prepares the host functions of its fields. */
export async function openData(spec: DataSpec, root: string, open: OpenDataset): Promise<OpenData> {
  const rows = await rowsOf(spec, root, open)
  const here = await prepareFields(spec, root)
  const fields = isHeavy(spec) ? await HostPool.shared().prepare(spec, root) : here
  return { spec, ...withAll(rows), fields }
}

/** Prepares the host functions of all fields. */
export async function prepareFields(spec: DataSpec, root: string): Promise<MakeFields> {
  const makers = await Promise.all(spec.parts.map((part) => makersOf(spec, part, root)))
  const types = new Map(spec.fields.map((field) => [field.name, field]))
  return (sample, names, seed) => {
    const making = { sample, seed, lets: new Map<string, ColumnValue | Promise<ColumnValue>>() }
    return Promise.all(
      names.map(async (name) => {
        const [field, type] = [makers[sample.part]?.get(name), types.get(name)]
        if (!field || !type) throw new Error(`data ${spec.name} has no field ${name}`)
        return tensorOf(await field(making), type)
      }),
    )
  }
}

async function rowsOf({ parts, weights }: DataSpec, root: string, open: OpenDataset): Promise<Rows> {
  const opened: (Part & { readonly group: number })[] = []
  for (const [index, { rows, group }] of parts.entries())
    opened.push({ index, group, rows: await openRows(rows, root, open) })
  const groups = weights.map((weight, group): Group => ({
    weight,
    parts: opened.filter((part) => part.group === group),
  }))
  const prints = opened.map(({ rows }) => rows.fingerprint)
  const [only] = parts.length === 1 && parts[0]?.rows.kind === 'source' ? prints : []
  const plans = parts.map(({ rows, group }) => ({ rows, group }))
  const fingerprint = only ?? createHash('sha256').update(canonical({ plans, weights, prints })).digest('hex')
  return { fingerprint, groups }
}

/** The fields of one part by name. */
async function makersOf(
  { name, fields }: DataSpec,
  part: DataPart,
  root: string,
): Promise<ReadonlyMap<string, Evaluate>> {
  const lets = new Map<string, Evaluate>()
  for (const local of part.lets)
    lets.set(local.name, await prepareExpression(local.value, root, [name, 'let', local.name], lets))
  const made = new Map<string, Evaluate>()
  for (const [k, value] of part.values.entries()) {
    const field = fields[k]?.name ?? ''
    made.set(field, await prepareExpression(value, root, [name, field], lets))
  }
  return made
}

/** Rows, and how to get at all of them. */
export function withAll(rows: Rows): Pick<OpenData, 'rows' | 'all'> {
  let all: Promise<Table> | undefined
  return { rows, all: () => (all ??= allRows(rows)) }
}
