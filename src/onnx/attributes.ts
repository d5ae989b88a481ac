import type { onnx as Onnx } from 'onnx-proto'
import { elementType, elementTypeName } from './element-types.js'
import { int64 } from './numbers.js'
import { damaged, unsupported } from './problem.js'
import { type FileTensor, fileTensor } from './tensor.js'

/** An attribute of a node of a file; a nested graph stands by itself. */
export type FileAttribute = number | string | readonly number[] | FileTensor

export type FileAttributes = ReadonlyMap<string, FileAttribute>

/** AttributeProto.AttributeType. */
const kinds = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  sparse: 11,
} as const

export type AttributeKind = keyof typeof kinds

const kindNames = new Map(
  Object.entries(kinds).map(([name, code]) => [code as number, name as AttributeKind]),
)

/** The kinds of a node's attributes by name, of those that are ONNX's. */
export function attributeKinds(node: Onnx.INodeProto, what: string): ReadonlyMap<string, AttributeKind> {
  const read = new Map<string, AttributeKind>()
  for (const { name, type } of node.attribute ?? []) {
    if (!name || read.has(name)) return damaged(`${what} has the attribute "${name}" twice or without a name`)
    const kind = kindNames.get(type as number)
    if (kind) read.set(name, kind)
  }
  return read
}

/** An attribute of a node that is not read, such as a list of texts. */
export const unreadAttribute = (node: Onnx.INodeProto): string | undefined =>
  node.attribute?.find(({ type }) => !readKinds.has(type as number))?.name ?? undefined

const { float, int, string, tensor, graph, floats, ints } = kinds
const readKinds: ReadonlySet<number> = new Set([float, int, string, tensor, graph, floats, ints])

/** Attributes that name an element type by its number. */
const typeAttributes = new Set(['to', 'dtype', 'softmax_precision'])

/** The attributes of a node by name, but for those that are not read. `what` names the node in complaints. */
export function readAttributes(node: Onnx.INodeProto, file: Uint8Array, what: string): FileAttributes {
  const read = new Map<string, FileAttribute>()
  for (const attribute of node.attribute ?? []) {
    const name = attribute.name ?? ''
    const kind = attribute.type as number
    if (kind !== kinds.graph && readKinds.has(kind))
      read.set(name, readAttribute(attribute, name, file, what))
  }
  return read
}

function readAttribute(a: Onnx.IAttributeProto, name: string, file: Uint8Array, what: string): FileAttribute {
  switch (a.type as number) {
    case kinds.float:
      return a.f ?? 0
    case kinds.int:
      return typeAttributes.has(name) ? typeName(int64(a.i), name, what) : int64(a.i)
    case kinds.string:
      return new TextDecoder().decode(a.s ?? new Uint8Array())
    case kinds.tensor:
      return fileTensor(a.t ?? {}, file, `the attribute "${name}" of ${what}`)
    case kinds.floats:
      return [...(a.floats ?? [])]
    case kinds.ints:
      return (a.ints ?? []).map(int64)
    default:
      return unsupported(`${what} has the attribute "${name}" of a kind that is not read`)
  }
}

function typeName(code: number, name: string, what: string): string {
  return elementType(code) ?? unsupported(`${what}: "${name}" is the element type ${elementTypeName(code)}`)
}
