import type { Graph, Node } from '../../graph/graph.js'
import { type Parameter, signatureIn } from '../../onnx/signatures.js'
import { operator } from '../../ops/registry.js'
import { opset } from './onnx.js'

/** The opset of onnx 1.12, from which on versions of an operator with one form have one meaning. */
const least = 17

/** Texts of attributes that are younger than the attribute, by operator. */
const youngerTexts: ReadonlyMap<string, readonly [text: string, since: number][]> = new Map([
  ['Pad', [['wrap', 19]]],
  ['Resize', [['half_pixel_symmetric', 19]]],
  ['ScatterElements', ['max', 'min'].map((text): [string, number] => [text, 18])],
  ['ScatterND', ['max', 'min'].map((text): [string, number] => [text, 18])],
  ['GridSample', ['linear', 'cubic'].map((text): [string, number] => [text, 20])],
])

/** The lowest opset, from 17 on, whose operators take the nodes of a graph as they are, and the IR version of its time. */
export function neededOpset({ nodes }: Graph): { readonly opset: number; readonly irVersion: number } {
  const needed = Math.max(least, ...nodes.map(neededBy))
  return { opset: needed, irVersion: needed < 19 ? 8 : needed < 21 ? 9 : 10 }
}

function neededBy(node: Node): number {
  const inside = node.bodies.map(({ graph }) => neededOpset(graph).opset)
  if (operator(node.op).domain !== '') return Math.max(least, ...inside)
  let since = least
  while (since < opset && !takes(node, since)) since++
  return Math.max(since, ...inside)
}

function takes(node: Node, version: number): boolean {
  const signature = signatureIn(node.op, version)
  if (!signature || signature.deprecated) return false
  const attributes = Object.entries(node.attributes)
  const texts = youngerTexts.get(node.op) ?? []
  return (
    fits(node.inputs, signature.inputs) &&
    fits(node.outputs, signature.outputs) &&
    attributes.every(([name]) => signature.attributes.has(name)) &&
    texts.every(([text, since]) => version >= since || !attributes.some(([, value]) => value === text))
  )
}

function fits(values: Node['inputs'], parameters: readonly Parameter[]): boolean {
  const last = parameters.at(-1)
  const repeated = last?.occurs === 'repeated' ? last : undefined
  return values.every((value, k) => {
    const parameter = parameters[k] ?? repeated
    return value ? parameter?.types.includes(value.type.dtype) === true : parameter !== undefined
  })
}
