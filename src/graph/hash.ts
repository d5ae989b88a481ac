import { type Attributes, type Graph, type Node, type Value, isGraph } from './graph.js'
import { sha256 } from './sha256.js'
import { formatType, numberText, tensorKey } from './types.js'

/**
 * The identity of a graph: SHA-256 of all but ids and spans. Values are numbered in order of appearance; the types of
 * results follow from their operators.
 */
export function hash(graph: Graph): string {
  const lines: string[] = []
  const numbers = new Map<Value, number>()
  const define = (value: Value): void => {
    numbers.set(value, numbers.size)
  }
  const read = (value: Value | null): number | string => {
    if (!value) return '_'
    const number = numbers.get(value)
    if (number !== undefined) return number
    lines.push(leaf(value))
    define(value)
    return numbers.size - 1
  }
  const visitNode = ({ op, inputs, outputs, attributes, bodies }: Node): void => {
    let line = op
    for (let i = 0; i < inputs.length; i++) line += ` ${read(inputs[i] ?? null)}`
    lines.push(line + attributesText(attributes))
    if (bodies.length > 0) {
      for (const body of bodies.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        lines.push(`{ ${body.name}`)
        visit(body.graph)
        lines.push('}')
      }
    }
    for (let i = 0; i < outputs.length; i++) define(outputs[i] as Value)
  }
  const visit = (g: Graph): void => {
    lines.push(`graph ${JSON.stringify(g.name)}`)
    for (const input of g.inputs) {
      const name = input.source.kind === 'input' ? input.source.name : ''
      lines.push(`input ${JSON.stringify(name)} ${formatType(input.type)}`)
      define(input)
    }
    for (const node of g.nodes) visitNode(node)
    for (const { name, value } of g.outputs) lines.push(`return ${JSON.stringify(name)} ${read(value)}`)
  }
  visit(graph)
  return sha256(lines.join('\n'))
}

/** What a value is that no node makes; it gets a number where it is first read. */
function leaf({ source, type }: Value): string {
  if (source.kind === 'constant') return `constant ${tensorKey(source.tensor)}`
  if (source.kind !== 'parameter') throw new Error('hash: a value is read before it is made')
  const as = source.as ? ` as ${source.as}` : ''
  return `parameter ${JSON.stringify(`${source.model}/${source.path}`)} ${formatType(type)}${as}`
}

const scalarText = (x: number | string): string => (typeof x === 'string' ? JSON.stringify(x) : numberText(x))

/** Nodes that were made from one share their attributes. */
const texts = new WeakMap<Attributes, string>()

function attributesText(attributes: Attributes): string {
  const known = texts.get(attributes)
  if (known !== undefined) return known
  const parts = Object.keys(attributes)
    .sort()
    .flatMap((name) => {
      const a = attributes[name]
      if (a === undefined || isGraph(a)) return []
      return [` ${name}=${typeof a === 'object' ? `[${a.map(numberText).join()}]` : scalarText(a)}`]
    })
  const text = parts.join('')
  texts.set(attributes, text)
  return text
}
