import type { onnx as Onnx } from 'onnx-proto'
import type { Graph, Value } from '../../graph/graph.js'
import { type Growth, type Sized, openRows } from '../../graph/open-rows.js'
import { rewrite } from '../../graph/rewrite.js'
import { dataType } from '../../onnx/element-types.js'
import { readModel, writeModel } from '../../onnx/protobuf.js'
import { type EmitContext, parameterTable } from './graph-file.js'
import { layOut } from '../8-schedule/layout.js'
import type { FunctionExport } from '../../artefact/exports.js'
import { emit } from './onnx.js'

/** A function as an ONNX file with an open number of rows, and its entry in the manifest. */
export interface ExportFile {
  readonly spec: FunctionExport
  readonly graph: Graph
  bytes(): Uint8Array
}

/**
 * Writes a function from its graphs for several numbers of rows: the first, in which constants that grow with the
 * rows are computed from the size of an argument. `plain` is the same as it was lowered, for where optimisation made
 * something of one number of rows that it does not make of another.
 */
export function exportFile(
  name: string,
  optimized: readonly Sized[],
  plain: readonly Sized[],
  context: EmitContext,
): ExportFile {
  const choices = [optimized, plain].map((graphs) => ({ graph: graphs[0]?.graph, open: openRows(graphs) }))
  for (const { graph, open } of choices) {
    if (!graph || 'reason' in open) continue
    const grown = [...open]
    const fed = rewrite(graph, {
      leaf: (value, b) => {
        const k = grown.findIndex(([constant]) => constant === value)
        return k < 0 ? undefined : b.input(`rows/${k}`, value.type)
      },
    })
    const laid = layOut(fed).graph
    const row = ({ type: { dtype, shape } }: Value) => ({ dtype, shape: shape.slice(1) })
    return {
      spec: {
        kind: 'function',
        name,
        file: `${name}.export.onnx`,
        inputs: graph.inputs.map((v) => ({
          name: v.source.kind === 'input' ? v.source.name : '',
          ...row(v),
        })),
        outputs: graph.outputs.map(({ name: output, value }) => ({ name: output, ...row(value) })),
        parameters: parameterTable(laid),
      },
      graph: laid,
      bytes: () => withOpenRows(emit(laid, context), grown),
    }
  }
  throw new Error(`export: ${name} was lowered for any number of rows and is not so`)
}

/** The file with the inputs `rows/<k>` computed from the first axis of its first input, and that axis open. */
function withOpenRows(
  bytes: Uint8Array,
  grown: readonly (readonly [Value, readonly Growth[]])[],
): Uint8Array {
  const model = readModel(bytes)
  const { graph } = model
  if (!graph) throw new Error('export: no graph')
  const isRows = ({ name }: Onnx.IValueInfoProto): boolean => /^rows\/\d+$/.test(name ?? '')
  graph.input = graph.input?.filter((v) => !isRows(v)) ?? []
  for (const { type } of [...graph.input, ...(graph.output ?? [])]) {
    const [first] = type?.tensorType?.shape?.dim ?? []
    if (first) Object.assign(first, { dimValue: undefined, dimParam: 'batch' })
  }
  if (grown.length === 0) return writeModel(model)
  const nodes: Onnx.INodeProto[] = []
  const tables: Onnx.ITensorProto[] = []
  const op = (
    opType: string,
    input: readonly string[],
    output: string,
    rest: Onnx.INodeProto = {},
  ): string => {
    nodes.push({ name: output, opType, input: [...input], output: [output], ...rest })
    return output
  }
  const ints = (name: string, values: readonly number[]): string => {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
    tables.push({ name, dataType: dataType.i64, dims: [values.length], rawData })
    return name
  }
  const shape = op('Shape', [graph.input[0]?.name ?? ''], 'rows/shape', {
    attribute: [{ name: 'end', type: 2, i: 1 }],
  })
  for (const [k, [{ type }, growth]] of grown.entries()) {
    const slopes = ints(
      `rows/${k}/slope`,
      growth.map(({ slope }) => slope),
    )
    const bases = ints(
      `rows/${k}/base`,
      growth.map(({ base }) => base),
    )
    const scaled = op('Mul', [shape, slopes], `rows/${k}/scaled`)
    if (type.shape.length === 1) op('Add', [scaled, bases], `rows/${k}`)
    else op('Squeeze', [op('Add', [scaled, bases], `rows/${k}/item`)], `rows/${k}`)
  }
  graph.node = [...nodes, ...(graph.node ?? [])]
  graph.initializer = [...(graph.initializer ?? []), ...tables]
  return writeModel(model)
}
