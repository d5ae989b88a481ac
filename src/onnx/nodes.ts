import type { onnx as Onnx } from 'onnx-proto'
import type { Tensor } from '../graph/types.js'
import { attributeKinds, readAttributes, unreadAttribute } from './attributes.js'
import { constantValues } from './constant-values.js'
import { isMain } from './decode.js'
import type { FileBody, FileNode } from './file-node.js'
import { damaged, together } from './problem.js'
import { type ReadExternal, fileTensor } from './tensor.js'

/** What reading nodes needs to know of their file. */
export interface FileContext {
  /** Its bytes. */
  readonly file: Uint8Array
  readonly opset: number
  readonly external: ReadExternal
}

/** The nodes that a graph's outputs depend on, in the order of the file, with their attributes. */
export function neededNodes(graph: Onnx.IGraphProto, context: FileContext): readonly FileNode[] {
  const nodes: FileNode[] = []
  together(needed(graph).map((node) => () => void nodes.push(readNode(node, context))))
  return nodes
}

function needed(graph: Onnx.IGraphProto): readonly Onnx.INodeProto[] {
  const protos = graph.node ?? []
  const makers = new Map<string, Onnx.INodeProto>()
  for (const node of protos)
    for (const name of node.output ?? []) if (name !== '' && !makers.has(name)) makers.set(name, node)
  const kept = new Set<Onnx.INodeProto>()
  const asked = (graph.output ?? []).map((v) => v.name ?? '')
  for (let name = asked.pop(); name !== undefined; name = asked.pop()) {
    const node = makers.get(name)
    if (!node || kept.has(node)) continue
    kept.add(node)
    asked.push(...namesRead(node))
  }
  // A second maker of a name is kept, since it is at fault.
  const names = new Set([...kept].flatMap((node) => node.output ?? []).filter((name) => name !== ''))
  return protos.filter((node) => (node.output ?? []).some((name) => names.has(name)))
}

/** The names that a node and its nested graphs use, those that these make themselves among them. */
function namesRead(node: Onnx.INodeProto): readonly string[] {
  const nested = (node.attribute ?? []).flatMap(({ g }) => (g ? [g] : []))
  return [
    ...(node.input ?? []),
    ...nested.flatMap((g) => [
      ...(g.node ?? []).flatMap(namesRead),
      ...(g.output ?? []).map((v) => v.name ?? ''),
    ]),
  ].filter((name) => name !== '')
}

function readNode(node: Onnx.INodeProto, context: FileContext): FileNode {
  const op = node.opType ?? ''
  const label = node.name ? `node "${node.name}"` : `the node that makes "${node.output?.[0] ?? ''}"`
  const what = `${label} (${op})`
  if (op === '') damaged(`${label} has no operator`)
  const domain = isMain(node.domain ?? '') ? '' : (node.domain ?? '')
  const isIf = domain === '' && op === 'If'
  return {
    what,
    op,
    domain,
    opset: context.opset,
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    // Nodes with nested graphs are told as unsupported operators, whatever their attributes.
    attributes: hasBody(node) && !isIf ? new Map() : readAttributes(node, context.file, what),
    kinds: attributeKinds(node, what),
    unread: unreadAttribute(node),
    bodies: isIf ? readBodies(node, context, what) : new Map(),
  }
}

const hasBody = (node: Onnx.INodeProto): boolean =>
  (node.attribute ?? []).some((a) => a.g || a.graphs?.length)

function readBodies(
  node: Onnx.INodeProto,
  context: FileContext,
  what: string,
): ReadonlyMap<string, FileBody> {
  const bodies = new Map<string, FileBody>()
  for (const { name, g } of node.attribute ?? []) if (name && g) bodies.set(name, readBody(g, context, what))
  return bodies
}

function readBody(graph: Onnx.IGraphProto, context: FileContext, what: string): FileBody {
  const constants = new Map<string, Tensor>()
  for (const proto of graph.initializer ?? []) {
    const name = proto.name ?? ''
    if (name === '' || constants.has(name))
      return damaged(`a branch of ${what} has the initializer "${name}" twice or without a name`)
    const tensor = fileTensor(proto, context.file, `the initializer "${name}" in ${what}`)
    constants.set(name, constantValues(tensor, context.external))
  }
  return {
    constants,
    nodes: neededNodes(graph, context),
    outputs: (graph.output ?? []).map((v) => v.name ?? ''),
  }
}
