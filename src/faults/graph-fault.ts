import { graphsOf } from '../artefact/graphs-of.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import { failedGraph } from '../diagnostics/catalogue/run.js'
import { noDevice } from '../diagnostics/catalogue/target.js'
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'
import { readModel } from '../onnx/protobuf.js'

/** A run of a graph that onnxruntime ended; plain data, so that it passes between threads. */
export interface GraphFailure {
  readonly file: string
  /** The node at which it ended, where onnxruntime names one. */
  readonly node: string | undefined
  readonly problem: string
}

export class GraphFault extends Error {
  constructor(readonly failure: GraphFailure) {
    super(`${failure.file}: ${failure.problem}`)
  }
}

/** What onnxruntime says of a run that it ended, without its own places in C++. */
export function graphFailure(file: string, error: unknown): GraphFailure {
  const message = error instanceof Error ? error.message : String(error)
  const [, node] = /Name:'([^']*)'/.exec(message) ?? []
  const [, status = message] = /Status Message:\s*([^]*)$/.exec(message) ?? []
  const problem = status.replace(/^\S+\.(?:cc|h):\d+\s+(?:.*?\)\s)?/, '').trim()
  return { file, node: node || undefined, problem: problem || message }
}

/** Where in the source a node of a graph comes from, as `file:line:column`; nodes are called `<operator>_<number>`. */
export function placeOf(
  { source_map: { places, nodes } }: Manifest,
  file: string,
  node: string | undefined,
): string | undefined {
  const k = Number(/_(\d+)$/.exec(node ?? '')?.[1] ?? -1)
  return places[nodes[file]?.[k] ?? -1]
}

/** What mends errors of CUDA's runtime, by their numbers. */
const deviceHelp: ReadonlyMap<string, string> = new Map([
  ['35', 'install an NVIDIA driver for CUDA 13'],
  ['100', 'run where there is an NVIDIA GPU: `nvidia-smi` lists them'],
])
const checkDevice =
  '`npx dcrc doctor` and `nvidia-smi` tell what is there; without `--target` it runs on the processor'

/** The diagnostic for a run that onnxruntime ended: the operator, its line in the source, and the shapes that it reads. */
export function graphFault(
  { failure }: GraphFault,
  { manifest, files }: Artefact,
  spanAt: (place: string | undefined) => Span,
): Diagnostic {
  const { file, node, problem } = failure
  const [, number, what] = /CUDA failure (\d+): ([^;]*)/.exec(problem) ?? []
  if (number !== undefined && what !== undefined)
    return noDevice(spanAt(undefined), {
      target: manifest.target,
      what: what.trim(),
      help: deviceHelp.get(number) ?? checkDevice,
    })
  const place = placeOf(manifest, file, node)
  const bytes = files.get(file)
  const found = bytes && readModel(bytes).graph?.node?.find(({ name }) => name === node)
  const spec = graphsOf(manifest).find((graph) => graph.file === file)
  const shapes = (found?.input ?? []).flatMap((name) => {
    const known = spec?.inputs.find((i) => i.name === name) ?? spec?.parameters.find((p) => p.name === name)
    return known ? [`${name} ${known.dtype}[${known.shape.join(', ')}]`] : []
  })
  return failedGraph(spanAt(place), {
    graph: file,
    operator: found?.opType ?? undefined,
    place,
    shapes,
    problem,
  })
}
