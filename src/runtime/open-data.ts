import type { DataSpec } from '../artefact/data.js'
import type { Manifest } from '../artefact/manifest.js'
import { dataOf } from '../artefact/graphs-of.js'
import { emptyData, missingData } from '../diagnostics/catalogue/run-data.js'
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'
import { declaredLength } from '../sources/row-count.js'
import { openers } from './sources/all.generated.js'
import { causesOf } from './causes.js'
import { firstRows } from './rows/first-rows.js'
import type { Rows } from './rows/rows.js'
import { DataInvalid, DataMissing, isStream } from './sources/dataset.js'
import { type OpenData, openData } from './fields.js'
import type { OpenDataset } from './rows/open-rows.js'
import { randomData } from './substitutes.js'

export interface OpenDataOptions {
  readonly open?: OpenDataset | undefined
  /** Which data sets are made up, with the seed: those named, or all whose files are not there. */
  readonly random?: { readonly seed: number; readonly names: 'absent' | readonly string[] } | undefined
}

export interface OpenedData {
  readonly data: ReadonlyMap<string, OpenData>
  /** The data sets that are made up. */
  readonly random: readonly string[]
  readonly problems: readonly Diagnostic[]
}

/** Opens the data that a graph of the pipeline reads; gives the problems of all of it together. */
export async function openAllData(
  manifest: Manifest,
  root: string,
  spanOf: (data: string) => Span,
  { open = openSource, random }: OpenDataOptions = {},
): Promise<OpenedData> {
  const used = dataOf(manifest)
  const shared = shareSources(open)
  const data = new Map<string, OpenData>()
  const problems: Diagnostic[] = []
  const errors: { readonly data: string; readonly error: DataMissing | DataInvalid }[] = []
  const made: string[] = []
  const makeUp = (spec: DataSpec, seed: number): void => {
    data.set(spec.name, randomData(spec, seed))
    made.push(spec.name)
  }
  for (const spec of manifest.data.filter(({ name }) => used.has(name))) {
    if (random && random.names !== 'absent' && random.names.includes(spec.name)) {
      makeUp(spec, random.seed)
      continue
    }
    try {
      const opened = await openData(spec, root, shared)
      if (await isEmpty(opened.rows)) {
        const chosen = spec.parts.some(({ rows }) => rows.kind !== 'source')
        problems.push(emptyData(spanOf(spec.name), { data: spec.name, chosen }))
      }
      data.set(spec.name, opened)
    } catch (error) {
      if (!(error instanceof DataMissing || error instanceof DataInvalid)) throw error
      if (error instanceof DataMissing && random?.names === 'absent') makeUp(spec, random.seed)
      else errors.push({ data: spec.name, error })
    }
  }
  problems.push(...causesOf(errors).map((cause) => missingData(spanOf(cause.data[0] ?? ''), cause)))
  return { data, random: made, problems }
}

/** Whether a group has no row, so that a batch could not be made. */
export async function isEmpty({ groups }: Rows): Promise<boolean> {
  for (const { parts } of groups) {
    const has = await Promise.all(
      parts.map(async ({ rows }) => (isStream(rows) ? (await firstRows(rows, 1)).length : rows.length)),
    )
    if (has.every((length) => length === 0)) return true
  }
  return false
}

/** Opens the source of a declaration. Throws DataMissing or DataInvalid. */
export const openSource: OpenDataset = async ({ source, arguments: settings }, root) => {
  const opener = openers.find(({ name }) => name === source)
  if (!opener) throw new Error(`nothing opens the data source ${source}`)
  const rows = await opener.open(settings, root)
  const length = declaredLength(settings)
  if (length !== undefined && !isStream(rows) && rows.length !== length)
    throw new DataInvalid(
      `${source} found ${rows.length} rows, not ${length}`,
      `write \`length = ${rows.length}\`: stages of the pipeline count in epochs of so many`,
    )
  return rows
}

/** Opens a source once for all runs and data declarations that take it with the same settings. */
export function shareSources(open: OpenDataset = openSource): OpenDataset {
  const opened = new Map<string, ReturnType<OpenDataset>>()
  return (plan, root) => {
    const key = JSON.stringify([plan.source, plan.arguments, root])
    const dataset = opened.get(key) ?? open(plan, root)
    opened.set(key, dataset)
    return dataset
  }
}
