import type { onnx as Onnx } from 'onnx-proto'
import { type DType, type Tensor, elementCount, isFloat } from '../graph/types.js'
import { constantValues } from './constant-values.js'
import { decodeModel } from './decode.js'
import { elementType, elementTypeName } from './element-types.js'
import type { FileBody, FileNode } from './file-node.js'
import { neededNodes } from './nodes.js'
import { int64 } from './numbers.js'
import { damaged, together, unsupported } from './problem.js'
import { settingNames } from './settings.js'
import { checkSignature } from './signatures.js'
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
  /** Weights: initializers of floats with at least one axis in the file's order, then those in Constant nodes. */
  readonly parameters: readonly FileTensor[]
  /** All other initializers: shapes, indices, and numbers of the program. */
  readonly constants: ReadonlyMap<string, Tensor>
  /** The nodes that the outputs depend on. */
  readonly nodes: readonly FileNode[]
}

const noExternal: ReadExternal = (location) => unsupported(`its data lies in another file, "${location}"`)

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
  const written = neededNodes(graph, { file: bytes, opset, external })
  check?.(written)
  together(withBodies(written).map((node) => () => checkSignature(node)))

  const outputs = namesOf(graph.output, 'output')
  const settings = settingNames(written)
  const { nodes, weights } = constantWeights(written, settings)
  if (outputs.length === 0) return damaged('its graph has no output')
  const used = new Set([...withBodies(nodes).flatMap((n) => n.inputs), ...bodyOutputs(nodes), ...outputs])
  const initializers = new Map<string, Onnx.ITensorProto>()
  for (const proto of graph.initializer ?? []) {
    const name = proto.name ?? ''
    if (name === '') return damaged('an initializer has no name')
    if (initializers.has(name)) return damaged(`the initializer "${name}" stands in it twice`)
    initializers.set(name, proto)
  }
  const parameters: FileTensor[] = []
  const constants = new Map<string, Tensor>()
  together(
    [...initializers]
      .filter(([name]) => used.has(name))
      .map(([name, proto]) => () => {
        const t = fileTensor(proto, bytes, `the initializer "${name}"`)
        const weight = isFloat(t.type.dtype) && t.type.shape.length > 0 && !settings.has(name)
        if (weight) parameters.push(t)
        else constants.set(name, constantValues(t, external))
      }),
  )
  parameters.push(...weights)
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

/** Takes weights that stand in Constant nodes out of these. One number is no weight, whatever its axes. */
function constantWeights(
  nodes: readonly FileNode[],
  settings: ReadonlySet<string>,
): { readonly nodes: readonly FileNode[]; readonly weights: readonly FileTensor[] } {
  const weights: FileTensor[] = []
  const others = nodes.filter(({ op, domain, attributes, outputs: [name = ''] }) => {
    const value = op === 'Constant' && domain === '' ? attributes.get('value') : undefined
    if (typeof value !== 'object' || !('place' in value) || settings.has(name)) return true
    const { dtype, shape } = value.type
    if (!isFloat(dtype) || shape.length === 0 || elementCount(shape) < 2) return true
    weights.push({ ...value, name })
    return false
  })
  return { nodes: others, weights }
}

/** Nodes, and those of the graphs nested in them. */
const withBodies = (nodes: readonly FileNode[]): readonly FileNode[] =>
  nodes.flatMap((node) => [node, ...[...node.bodies.values()].flatMap((body) => withBodies(body.nodes))])

const bodyOutputs = (nodes: readonly FileNode[]): readonly string[] =>
  withBodies(nodes).flatMap((node) => [...node.bodies.values()].flatMap((body) => body.outputs))

function checkOrder({ inputs, parameters, constants, nodes, outputs }: OnnxModel): void {
  const made = new Set(inputs.map((v) => v.name))
  for (const { name } of parameters) {
    if (made.has(name)) damaged(`a constant makes "${name}", which stands in the graph already`)
    made.add(name)
  }
  for (const name of constants.keys()) made.add(name)
  checkNames({ nodes, outputs }, made, 'the output')
}

/** Every value is made once, before it is used, also in nested graphs. */
function checkNames(
  { nodes, outputs }: Pick<FileBody, 'nodes' | 'outputs'>,
  made: Set<string>,
  output: string,
): void {
  const later = new Set(nodes.flatMap((n) => n.outputs))
  for (const node of nodes) {
    for (const name of node.inputs) {
      if (name === '' || made.has(name)) continue
      const line = `${node.what} uses "${name}", which ${later.has(name) ? 'is made after it or from it' : 'nothing makes'}`
      damaged(line)
    }
    for (const body of node.bodies.values())
      checkNames(body, new Set([...made, ...body.constants.keys()]), `in ${node.what} the output`)
    for (const name of node.outputs) {
      if (name === '') continue
      if (made.has(name)) damaged(`${node.what} makes "${name}", which stands in the graph already`)
      made.add(name)
    }
  }
  const missing = outputs.find((name) => !made.has(name))
  if (missing !== undefined) damaged(`nothing makes ${output} "${missing}"`)
}
