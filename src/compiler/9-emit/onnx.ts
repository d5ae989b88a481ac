import type { onnx as Onnx } from 'onnx-proto'
import { type Attribute, type Graph, type Node, type Value, isGraph } from '../../graph/graph.js'
import { findNodes } from '../../graph/rewrite.js'
import { type DType, type TensorType, byteSize } from '../../graph/types.js'
import { dataType } from '../../onnx/element-types.js'
import { writeModel } from '../../onnx/protobuf.js'
import { operator } from '../../ops/registry.js'
import { writeMask } from './dropout-mask.js'
import { type Names, assignNames } from '../8-schedule/names.js'
import { separateOutputs } from '../8-schedule/outputs.js'
import { type Placement, placedShapes, shapesRead } from '../8-schedule/placement.js'
import { rawBytes } from './raw.js'

/** ONNX IR version 10, and the opset whose operators the compiler speaks. */
export const irVersion = 10
export const opset = 22

/** `location` of an initializer that linking has not yet bound to a file. */
export const unbound = 'unbound'

export interface EmitOptions {
  /** Stands in the file as its producer's version. */
  readonly version?: string
  /** Those that the compiler speaks, where absent. */
  readonly opset?: number
  readonly irVersion?: number
  /** Where results lie; onnxruntime chooses where absent. */
  readonly places?: Placement
}

interface Emission {
  readonly names: Names
  readonly places: Placement | undefined
  /** Tensors that the nodes read beside values of the graph. */
  readonly tables: Map<string, Onnx.ITensorProto>
}

/**
 * The graph as the bytes of an ONNX file, nodes in the graph's order. Constants stand in the file; parameters are
 * external initializers named `<model>/<path>` that linking binds to weight files. Equal graphs give equal bytes.
 */
export function emit(graph: Graph, options: EmitOptions = {}): Uint8Array {
  const separated = separateOutputs(graph)
  const names = assignNames(separated)
  const { places } = options
  const tables = new Map<string, Onnx.ITensorProto>()
  const body = graphProto(separated, { names, places, tables })
  const hidden = places ? shapesRead(separated) : []
  return writeModel({
    irVersion: options.irVersion ?? irVersion,
    producerName: 'dcrc',
    producerVersion: options.version ?? '',
    opsetImport: [
      { domain: '', version: options.opset ?? opset },
      ...(hasContributed(separated) ? [{ domain: 'com.microsoft', version: 1 }] : []),
    ],
    graph: {
      ...body,
      input: [...separated.inputs, ...hidden].map((v) => valueInfo(v, names)),
      initializer: [...[...names.initializers].map(([name, v]) => initializer(name, v)), ...tables.values()],
    },
  })
}

const hasContributed = (graph: Graph): boolean =>
  findNodes(graph, ({ op }) => operator(op).domain === 'com.microsoft').length > 0

function graphProto(graph: Graph, emission: Emission): Onnx.IGraphProto {
  const { names, places } = emission
  return {
    name: graph.name,
    node: graph.nodes.flatMap((n) => nodeProtos(n, emission)),
    input: graph.inputs.map((v) => valueInfo(v, names)),
    output: graph.outputs.map(({ value }) => valueInfo(value, names)),
    ...(places ? { valueInfo: placedShapes(graph, names, places) } : {}),
  }
}

const nameOf = (value: Value, names: Names): string => {
  const name = names.value.get(value)
  if (name === undefined)
    throw new Error(`emit: value ${value.id} (${value.source.kind}) is used before it is made`)
  return name
}

function nodeProtos(node: Node, emission: Emission): readonly Onnx.INodeProto[] {
  if (node.op !== 'DropoutMask') return [nodeProto(node, emission)]
  const { names, tables } = emission
  const [[key], [mask]] = [node.inputs, node.outputs]
  if (!key || !mask) throw new Error('a mask has a key and a result')
  return writeMask(node, names.node.get(node) ?? '', nameOf(key, names), nameOf(mask, names), tables)
}

function nodeProto(node: Node, emission: Emission): Onnx.INodeProto {
  const { names } = emission
  const { domain } = operator(node.op)
  if (domain === 'dcrc') throw new Error(`emit: ${node.op} must be replaced before emission`)
  const input = node.inputs.map((v) => (v ? nameOf(v, names) : ''))
  while (input.at(-1) === '') input.pop()
  return {
    name: names.node.get(node) ?? '',
    opType: node.op,
    // what is not there is read as '', ONNX's own operators
    ...(domain === '' ? {} : { domain }),
    input,
    output: node.outputs.map((v) => nameOf(v, names)),
    attribute: Object.entries(node.attributes)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, a]) => attributeProto(name, a, emission)),
  }
}

/** Attributes that ONNX holds as floats; every other number is an int. */
const floatAttributes = new Set([
  'alpha',
  'beta',
  'gamma',
  'epsilon',
  'momentum',
  'ratio',
  'scale',
  'cubic_coeff_a',
  'extrapolation_value',
])
/** Attributes that name an element type. */
const typeAttributes = new Set(['to', 'dtype', 'stash_type'])
const type = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const

function attributeProto(name: string, value: Attribute, emission: Emission): Onnx.IAttributeProto {
  if (isGraph(value)) return { name, type: type.graph, g: graphProto(value, emission) }
  if (typeof value === 'object') return { name, type: type.ints, ints: [...value] }
  if (typeof value === 'string') {
    if (typeAttributes.has(name)) return { name, type: type.int, i: dataType[value as DType] }
    return { name, type: type.string, s: new TextEncoder().encode(value) }
  }
  return floatAttributes.has(name) ? { name, type: type.float, f: value } : { name, type: type.int, i: value }
}

function valueInfo(value: Value, names: Names): Onnx.IValueInfoProto {
  return { name: nameOf(value, names), type: typeProto(value.type) }
}

const typeProto = ({ dtype, shape }: TensorType): Onnx.ITypeProto => ({
  tensorType: { elemType: dataType[dtype], shape: { dim: shape.map((dimValue) => ({ dimValue })) } },
})

function initializer(name: string, value: Value): Onnx.ITensorProto {
  const { dtype, shape } = value.type
  const head = { name, dataType: dataType[dtype], dims: [...shape] }
  if (value.source.kind === 'constant') return { ...head, rawData: rawBytes(value.source.tensor) }
  return {
    ...head,
    dataLocation: 1,
    externalData: [
      { key: 'location', value: unbound },
      { key: 'offset', value: '0' },
      { key: 'length', value: String(byteSize(value.type)) },
    ],
  }
}
