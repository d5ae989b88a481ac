import { canonical } from '../json/canonical.js'
import { type Attributes, type Graph, type Node, type Value, isGraph } from './graph.js'
import { sha256 } from './sha256.js'
import { formatType, numberText, tensorKey } from './types.js'

/**
 * The identity of a graph: SHA-256 of all but ids, spans and roles. Values are numbered in order of appearance; the types
 * of results follow from their operators.
 */
export const hash = (graph: Graph): string => sha256(textOf(graph, () => ''))

/** The same of all but ids: phases make the same of graphs with equal ones, down to their places in the source. */
export function contentHash(graph: Graph): string {
  // nodes that one expression made share their place in the source
  const texts = new Map<object, string>()
  return sha256(
    textOf(graph, (beside) => {
      if (beside === undefined) return ''
      const text = texts.get(beside) ?? ` ${canonical(beside)}`
      texts.set(beside, text)
      return text
    }),
  )
}

/** The text of a graph; `beside` writes what has no part in what is computed: roles and spans. */
function textOf(graph: Graph, beside: (what: object | undefined) => string): string {
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
  const visitNode = ({ op, inputs, outputs, attributes, bodies, span }: Node): void => {
    let line = op
    for (let i = 0; i < inputs.length; i++) line += ` ${read(inputs[i] ?? null)}`
    lines.push(line + attributesText(attributes) + beside(span))
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
      const source = input.source.kind === 'input' ? input.source : undefined
      const text = `input ${JSON.stringify(source?.name ?? '')} ${formatType(input.type)}`
      lines.push(text + beside(source?.role))
      define(input)
    }
    for (const node of g.nodes) visitNode(node)
    for (const { name, value, role } of g.outputs)
      lines.push(`return ${JSON.stringify(name)} ${read(value)}${beside(role)}`)
  }
  visit(graph)
  return lines.join('\n')
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
