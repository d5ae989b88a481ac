import type { DataSpec } from '../artefact/data.js'
import type { Manifest } from '../artefact/manifest.js'
import { dataOf } from '../artefact/graphs-of.js'
import { emptyData, missingData } from '../diagnostics/catalogue/run.js'
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'
import { openers } from './sources/all.generated.js'
import { DataInvalid, DataMissing } from './sources/dataset.js'
import type { Rows } from './rows/rows.js'
import { type OpenData, type OpenDataset, openData } from './fields.js'
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
  span: Span,
  { open = openSource, random }: OpenDataOptions = {},
): Promise<OpenedData> {
  const used = dataOf(manifest)
  const data = new Map<string, OpenData>()
  const problems: Diagnostic[] = []
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
      const opened = await openData(spec, root, open)
      if (isKnownEmpty(opened.rows)) problems.push(emptyData(span, { data: spec.name }))
      data.set(spec.name, opened)
    } catch (error) {
      if (!(error instanceof DataMissing || error instanceof DataInvalid)) throw error
      if (error instanceof DataMissing && random?.names === 'absent') makeUp(spec, random.seed)
      else problems.push(missingData(span, { data: spec.name, problem: error.message, help: error.help }))
    }
  }
  return { data, random: made, problems }
}

/** A stream tells when it is read. */
const isKnownEmpty = (rows: Rows): boolean => 'length' in rows && rows.length === 0

/** Opens the source of a declaration. Throws DataMissing or DataInvalid. */
export const openSource: OpenDataset = (spec, root) => {
  const opener = openers.find(({ name }) => name === spec.source)
  if (!opener) throw new Error(`nothing opens the data source ${spec.source}`)
  return opener.open(spec.arguments, root)
}

/** Opens a source once for all runs and data declarations that take it with the same settings. */
export function shareSources(open: OpenDataset = openSource): OpenDataset {
  const opened = new Map<string, ReturnType<OpenDataset>>()
  return (spec, root) => {
    const key = JSON.stringify([spec.source, spec.arguments, root])
    const dataset = opened.get(key) ?? open(spec, root)
    opened.set(key, dataset)
    return dataset
  }
}
