import type { onnx as Onnx } from 'onnx-proto'
import type { FunctionExport } from '../../artefact/exports.js'
import type { Graph, Node, Value } from '../../graph/graph.js'
import type { OpenRows } from '../../graph/open-rows.js'
import { dataType } from '../../onnx/element-types.js'
import { readModel, writeModel } from '../../onnx/protobuf.js'
import { sha256 } from '../../graph/sha256.js'
import { once } from '../../once.js'
import { findOperator } from '../../ops/registry.js'
import { type OpenFunction, rowsInput } from '../7-optimize/open-function.js'
import { type EmitContext, type Written, parameterTable } from './graph-file.js'
import { neededOpset } from './needed-opset.js'
import { nodeNames } from './node-names.js'
import { emit } from './onnx.js'

/** A function as an ONNX file with an open number of rows, and its entry in the manifest. */
export interface ExportFile extends Pick<Written, 'bytes' | 'sha256'> {
  readonly spec: FunctionExport
}

/** Writes a function, its graph as it is scheduled; what grows with the rows is computed from the size of an argument. */
export function exportFile(
  { name, inputs, grown, said }: OpenFunction,
  scheduled: Graph,
  { version, locate }: EmitContext,
): ExportFile {
  const bytes = once((): Uint8Array => {
    const model = readModel(emit(scheduled, { version, ...neededOpset(scheduled) }))
    const names = nodeNames(scheduled, locate)
    const { graph: body } = model
    if (body)
      body.node = (body.node ?? []).flatMap((node, k) =>
        forOlderKernels({ ...node, name: names[k] ?? node.name ?? '' }, scheduled.nodes[k]),
      )
    const docString = [
      `\`${name}\`, ${locate(said.span)}`,
      ...(said.doc === undefined ? [] : [said.doc]),
    ].join('\n\n')
    const metadataProps = [{ key: 'source', value: locate(said.span) }]
    return withOpenRows(Object.assign(model, { docString, metadataProps }), grown)
  })
  const row = ({ type: { dtype, shape } }: Value) => ({ dtype, shape: shape.slice(1) })
  return {
    spec: {
      kind: 'function',
      name,
      file: `${name}.export.onnx`,
      inputs: inputs.map((v) => ({ name: v.source.kind === 'input' ? v.source.name : '', ...row(v) })),
      outputs: scheduled.outputs.map(({ name: output, value }) => ({ name: output, ...row(value) })),
      parameters: parameterTable(scheduled),
    },
    bytes,
    sha256: () => sha256(bytes()),
  }
}

/** A node as older runtimes have kernels for it, with its first operand cast where its own type has none. */
function forOlderKernels(proto: Onnx.INodeProto, node: Node | undefined): readonly Onnx.INodeProto[] {
  const own = node?.inputs[0]?.type.dtype
  const other = node && own && findOperator(node.op)?.exportedAs?.[own]
  if (!other) return [proto]
  const [name, cast] = [proto.name ?? '', `${proto.output?.[0] ?? ''}/${other}`]
  const attribute = [{ name: 'to', type: 2, i: dataType[other] }]
  return [
    {
      name: `${name} as ${other}`,
      opType: 'Cast',
      input: [...(proto.input ?? [])],
      output: [cast],
      attribute,
    },
    { ...proto, input: [cast] },
  ]
}

/** The file with what grows with the rows computed from the first axis of its first input, and that axis open. */
function withOpenRows(model: Onnx.ModelProto, grown: OpenRows): Uint8Array {
  const { graph } = model
  if (!graph) throw new Error('export: no graph')
  const computed = new Set([...grown.keys()].map((_, k) => rowsInput(k)))
  graph.input = graph.input?.filter(({ name }) => !computed.has(name ?? '')) ?? []
  for (const { type } of [...graph.input, ...(graph.output ?? [])]) {
    const [first] = type?.tensorType?.shape?.dim ?? []
    if (first) Object.assign(first, { dimValue: undefined, dimParam: 'batch' })
  }
  if (grown.size === 0) return writeModel(model)
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
  for (const [k, [{ type }, growth]] of [...grown].entries()) {
    const name = rowsInput(k)
    const slopes = ints(
      `${name}/slope`,
      growth.map(({ slope }) => slope),
    )
    const bases = ints(
      `${name}/base`,
      growth.map(({ base }) => base),
    )
    const scaled = op('Mul', [shape, slopes], `${name}/scaled`)
    if (type.shape.length === 1) op('Add', [scaled, bases], name)
    else op('Squeeze', [op('Add', [scaled, bases], `${name}/item`)], name)
  }
  graph.node = [...nodes, ...(graph.node ?? [])]
  graph.initializer = [...(graph.initializer ?? []), ...tables]
  return writeModel(model)
}
