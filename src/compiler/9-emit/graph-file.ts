import type { Span } from '../../diagnostics/diagnostic.js'
import type { Graph, Output, Value } from '../../graph/graph.js'
import type { Scheduled } from '../8-schedule/schedule.js'
import type { GraphSpec } from '../../artefact/graphs.js'
import { initializersOf, parameterName } from '../8-schedule/names.js'
import { sha256 } from '../../graph/sha256.js'
import { once } from '../../once.js'
import { emit } from './onnx.js'

export interface EmitContext {
  /** The compiler's version. */
  readonly version: string
  /** `file:line:column` of a place in the source, relative to the project. */
  readonly locate: (span: Span) => string
  /** What was written before with this context. */
  readonly written: WeakMap<Scheduled, Written>
}

/** What only a written file needs, made once, when it is asked for. */
export interface Written {
  bytes(): Uint8Array
  sha256(): string
  /** Per node of the file, in its order, where it stands in the source; null for what the compiler adds. */
  places(): readonly (string | null)[]
}

/** One ONNX file with its entry in the manifest. */
export interface GraphFile extends Written {
  readonly spec: GraphSpec
}

export function graphFile(file: string, scheduled: Scheduled, context: EmitContext): GraphFile {
  const { graph, optimization, memory, cost } = scheduled
  const written = context.written.get(scheduled) ?? writtenWith(context, scheduled)
  context.written.set(scheduled, written)
  return {
    ...written,
    spec: {
      file,
      inputs: graph.inputs.map(inputSpec),
      outputs: graph.outputs.map(outputSpec),
      parameters: parameterTable(graph),
      optimization,
      flops: cost.flops,
      peak_bytes: memory.peak,
    },
  }
}

function writtenWith(context: EmitContext, { graph, places, opset }: Scheduled): Written {
  const bytes = once(() =>
    emit(graph, {
      version: context.version,
      ...(places && { places: places() }),
      ...(opset !== undefined && { opset }),
    }),
  )
  return { bytes, sha256: once(() => sha256(bytes())), places: once(() => placesOf(graph, context)) }
}

/** The parameters that a graph reads from files, with the names of their initializers. */
export const parameterTable = (graph: Graph): GraphSpec['parameters'] =>
  initializersOf(graph).flatMap(({ type: { dtype, shape }, source }) => {
    if (source.kind !== 'parameter') return []
    const { model, path, as = null } = source
    return [{ name: parameterName(model, path), model, path, dtype, shape, as }]
  })

function inputSpec({ source, type: { dtype, shape } }: Value): GraphSpec['inputs'][number] {
  if (source.kind !== 'input' || !source.role) throw new Error('an input without a role')
  return { name: source.name, dtype, shape, role: source.role }
}

function outputSpec({ name, value, role }: Output): GraphSpec['outputs'][number] {
  if (!role || role.kind === 'gradient' || role.kind === 'next')
    throw new Error(`${name} means nothing to a runner`)
  const { dtype, shape } = value.type
  return { name, dtype, shape, role }
}

function placesOf(graph: Graph, { locate }: EmitContext): readonly (string | null)[] {
  const places: (string | null)[] = []
  const visit = ({ nodes }: Graph): void =>
    nodes.forEach(({ span, bodies }) => {
      places.push(span ? locate(span) : null)
      for (const body of bodies) visit(body.graph)
    })
  visit(graph)
  return places
}
