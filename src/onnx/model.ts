import type { onnx as Onnx } from 'onnx-proto'
import { type DType, type Tensor, isFloat } from '../graph/types.js'
import { readAttributes } from './attributes.js'
import { constantValues } from './constant-values.js'
import { decodeModel, isMain } from './decode.js'
import { elementType, elementTypeName } from './element-types.js'
import type { FileNode } from './file-node.js'
import { int64 } from './numbers.js'
import { damaged, together, unsupported } from './problem.js'
import { type FileTensor, type ReadExternal, fileTensor } from './tensor.js'

/** A size of an input: a number, the name of one that is chosen at each call, or null where the file says nothing. */
export type FileDim = number | string | null

export interface FileInput {
  readonly name: string
  readonly dtype: DType
  /** Absent: any number of axes. */
  readonly shape: readonly FileDim[] | undefined
}

/** An ONNX file as a function: its parameters, its inputs, its nodes in order, its outputs. */
export interface OnnxModel {
  readonly opset: number
  readonly inputs: readonly FileInput[]
  readonly outputs: readonly string[]
  /** Initializers of floats with at least one axis: weights, in the file's order. */
  readonly parameters: readonly FileTensor[]
  /** All other initializers: shapes, indices, and numbers of the program. */
  readonly constants: ReadonlyMap<string, Tensor>
  /** The nodes that the outputs depend on. */
  readonly nodes: readonly FileNode[]
}

const noExternal: ReadExternal = (location) => unsupported(`its data lies in another file, "${location}"`)

/** Inputs of operators whose values decide shapes: an initializer that only stands there is no weight. */
const shapeInputs: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2], Upsample: [1] }

export interface Reading {
  /** Reads data in other files; without it there must be none. */
  readonly external?: ReadExternal
  /** May refuse the nodes, before anything else in the file is complained about. */
  readonly check?: (nodes: readonly FileNode[]) => void
}

/** Reads an ONNX file. Throws OnnxProblem with what is damaged. */
export function readModel(bytes: Uint8Array, { external = noExternal, check }: Reading = {}): OnnxModel {
  const { graph, opset } = decodeModel(bytes)
  if ((graph.sparseInitializer ?? []).length > 0) return unsupported('it has sparse initializers')
  const nodes = neededNodes(graph, bytes)
  check?.(nodes)

  const outputs = namesOf(graph.output, 'output')
  if (outputs.length === 0) return damaged('its graph has no output')
  const used = new Set([...nodes.flatMap((n) => n.inputs), ...outputs])
  const initializers = new Map<string, Onnx.ITensorProto>()
  for (const proto of graph.initializer ?? []) {
    const name = proto.name ?? ''
    if (name === '') return damaged('an initializer has no name')
    if (initializers.has(name)) return damaged(`the initializer "${name}" stands in it twice`)
    initializers.set(name, proto)
  }
  const parameters: FileTensor[] = []
  const constants = new Map<string, Tensor>()
  const decides = shapeInitializers(nodes)
  together(
    [...initializers]
      .filter(([name]) => used.has(name))
      .map(([name, proto]) => () => {
        const t = fileTensor(proto, bytes, `the initializer "${name}"`)
        const weight = isFloat(t.type.dtype) && t.type.shape.length > 0 && !decides.has(name)
        if (weight) parameters.push(t)
        else constants.set(name, constantValues(t, external))
      }),
  )
  namesOf(graph.input, 'input')
  const inputs = (graph.input ?? []).filter((v) => !initializers.has(v.name ?? '')).map(fileInput)
  const model = { opset, inputs, outputs, parameters, constants, nodes }
  checkOrder(model)
  return model
}

function namesOf(
  values: readonly Onnx.IValueInfoProto[] | null | undefined,
  what: string,
): readonly string[] {
  const names = (values ?? []).map((v) => v.name ?? '')
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) return damaged(`its graph has the ${what} "${twice}" twice`)
  return names.includes('') ? damaged(`an ${what} of its graph has no name`) : names
}

function fileInput(value: Onnx.IValueInfoProto): FileInput {
  const name = value.name ?? ''
  const tensorType = value.type?.tensorType
  if (!tensorType) return unsupported(`the input "${name}" is no tensor`)
  const code = tensorType.elemType ?? 0
  const dtype = elementType(code)
  if (!dtype) return unsupported(`the input "${name}" has the element type ${elementTypeName(code)}`)
  const shape = tensorType.shape?.dim?.map((d): FileDim => {
    if (d.dimParam) return d.dimParam
    // a size that is not set decodes as 0
    const size = int64(d.dimValue)
    return size > 0 ? size : null
  })
  return { name, dtype, shape }
}

/** The nodes that the graph's outputs depend on, with their attributes. */
function neededNodes(graph: Onnx.IGraphProto, bytes: Uint8Array): readonly FileNode[] {
  const needed = new Set((graph.output ?? []).map((v) => v.name ?? ''))
  const protos = graph.node ?? []
  const kept: Onnx.INodeProto[] = []
  for (let i = protos.length - 1; i >= 0; i--) {
    const node = protos[i]
    if (!node?.output?.some((name) => name !== '' && needed.has(name))) continue
    for (const name of node.input ?? []) if (name !== '') needed.add(name)
    kept.push(node)
  }
  const nodes: FileNode[] = []
  together(
    kept.reverse().map((node) => () => {
      const op = node.opType ?? ''
      const label = node.name ? `node "${node.name}"` : `the node that makes "${node.output?.[0] ?? ''}"`
      const what = `${label} (${op})`
      if (op === '') damaged(`${label} has no operator`)
      const domain = node.domain ?? ''
      nodes.push({
        what,
        op,
        domain: isMain(domain) ? '' : domain,
        inputs: node.input ?? [],
        outputs: node.output ?? [],
        attributes: hasBody(node) ? new Map() : readAttributes(node, bytes, what),
      })
    }),
  )
  return nodes
}

/** Nodes with nested graphs are told as unsupported operators, whatever their attributes. */
const hasBody = (node: Onnx.INodeProto): boolean =>
  (node.attribute ?? []).some((a) => a.g || a.graphs?.length)

function shapeInitializers(nodes: readonly FileNode[]): ReadonlySet<string> {
  const deciding = new Set<string>()
  const other = new Set<string>()
  for (const { op, inputs } of nodes) {
    const at = Object.hasOwn(shapeInputs, op) ? (shapeInputs[op] ?? []) : []
    inputs.forEach((name, k) => (at.includes(k) ? deciding : other).add(name))
  }
  return new Set([...deciding].filter((name) => !other.has(name)))
}

/** Every value is made once, before it is used. */
function checkOrder({ inputs, parameters, constants, nodes, outputs }: OnnxModel): void {
  const made = new Set([...inputs, ...parameters].map((v) => v.name))
  for (const name of constants.keys()) made.add(name)
  const later = new Set(nodes.flatMap((n) => n.outputs))
  for (const node of nodes) {
    for (const name of node.inputs) {
      if (name === '' || made.has(name)) continue
      const line = `${node.what} uses "${name}", which ${later.has(name) ? 'is made after it or from it' : 'nothing makes'}`
      damaged(line)
    }
    for (const name of node.outputs) {
      if (name === '') continue
      if (made.has(name)) damaged(`${node.what} makes "${name}", which stands in the graph already`)
      made.add(name)
    }
  }
  const missing = outputs.find((name) => !made.has(name))
  if (missing !== undefined) damaged(`nothing makes the output "${missing}"`)
}
