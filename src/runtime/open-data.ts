import type { DataSpec, Manifest } from '../compiler/7-emit/manifest.js'
import { emptyData, missingData } from '../diagnostics/catalogue/run.js'
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'
import { findSource } from '../data/registry.js'
import { DataInvalid, DataMissing } from '../data/source.js'
import { type OpenData, type OpenDataset, openData } from './fields.js'

/** Opens the data that a graph of the pipeline reads; gives the problems of all of it together. */
export async function openAllData(
  manifest: Manifest,
  root: string,
  span: Span,
  open: OpenDataset = openSource,
): Promise<{ readonly data: ReadonlyMap<string, OpenData>; readonly problems: readonly Diagnostic[] }> {
  const used = usedData(manifest)
  const data = new Map<string, OpenData>()
  const problems: Diagnostic[] = []
  for (const spec of manifest.data.filter(({ name }) => used.has(name))) {
    try {
      const opened = await openData(spec, root, open)
      if (opened.dataset.length === 0) problems.push(emptyData(span, { data: spec.name }))
      data.set(spec.name, opened)
    } catch (error) {
      if (!(error instanceof DataMissing || error instanceof DataInvalid)) throw error
      problems.push(missingData(span, { data: spec.name, problem: error.message, help: error.help }))
    }
  }
  return { data, problems }
}

const openSource: OpenDataset = (spec: DataSpec, root) => {
  const source = findSource(spec.source)
  if (!source) throw new Error(`no data source ${spec.source}`)
  return source.open(spec.arguments, root)
}

function usedData({ stages, evaluations }: Manifest): ReadonlySet<string> {
  const graphs = [
    ...stages.flatMap(({ graphs: g }) => [g.step, g.monitored, g.micro, g.prologue]),
    ...evaluations.flatMap(({ parts }) => parts.map(({ graph }) => graph)),
  ]
  const read = graphs
    .flatMap((g) => g?.inputs ?? [])
    .flatMap(({ role }) => (role.kind === 'batch' ? [role.data] : []))
  const whole = evaluations.flatMap(({ parts }) => parts.flatMap(({ data }) => data ?? []))
  return new Set([...read, ...whole])
}
