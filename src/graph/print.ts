import { type Attribute, type Graph, type Node, type Value, isGraph } from './graph.js'
import { type Tensor, formatType, numberText } from './types.js'

export interface PrintOptions {
  /** Adds `@file:start-end` to each node that has a span. */
  readonly spans?: boolean
  /** Constants with more elements than this are cut short; Infinity prints all. */
  readonly elements?: number
}

/** A graph as text. Values are numbered in order of appearance, so ids and earlier edits do not show. */
export function print(graph: Graph, { spans = false, elements = 8 }: PrintOptions = {}): string {
  const numbers = new Map<Value, number>()
  const lines: string[] = []

  const define = (value: Value): string => {
    numbers.set(value, numbers.size)
    return `%${numbers.size - 1}: ${formatType(value.type)}`
  }
  const read = (value: Value | null): string => {
    if (!value) return '_'
    const number = numbers.get(value)
    if (number !== undefined) return `%${number}`
    const { source } = value
    switch (source.kind) {
      case 'constant':
        return printTensor(source.tensor, elements)
      case 'parameter':
        return `${JSON.stringify(`${source.model}/${source.path}`)}: ${formatType(value.type)}${source.as ? ` as ${source.as}` : ''}`
      default:
        return '%undefined'
    }
  }
  const attribute = (a: Attribute, indent: string): string => {
    if (isGraph(a)) return printGraph(a, indent)
    return typeof a === 'object'
      ? `[${a.map(numberText).join(', ')}]`
      : typeof a === 'number'
        ? numberText(a)
        : JSON.stringify(a)
  }
  const printNode = (node: Node, indent: string): void => {
    const inputs = node.inputs.map(read).join(', ')
    const attributes = Object.keys(node.attributes)
      .sort()
      .flatMap((name) => {
        const a = node.attributes[name]
        return a === undefined ? [] : [` ${name}=${attribute(a, indent)}`]
      })
    const span = spans && node.span ? ` @${node.span.file}:${node.span.start}-${node.span.end}` : ''
    lines.push(
      `${indent}${node.outputs.map(define).join(', ')} = ${node.op}(${inputs})${attributes.join('')}${span}`,
    )
  }
  const printGraph = (g: Graph, indent: string): string => {
    const outerLines = lines.splice(0)
    const inputs = g.inputs.map(
      (v) => `${v.source.kind === 'input' ? JSON.stringify(v.source.name) : '?'} ${define(v)}`,
    )
    for (const node of g.nodes) printNode(node, `${indent}  `)
    for (const { name, value } of g.outputs)
      lines.push(`${indent}  return ${JSON.stringify(name)} = ${read(value)}`)
    const text = [`graph ${JSON.stringify(g.name)} (${inputs.join(', ')}) {`, ...lines, `${indent}}`].join(
      '\n',
    )
    lines.splice(0, lines.length, ...outerLines)
    return text
  }
  return `${printGraph(graph, '')}\n`
}

function printTensor(t: Tensor, elements: number): string {
  const shown = Array.from(t.data.subarray(0, Math.min(t.data.length, elements)), numberText)
  if (t.data.length > shown.length) shown.push('...')
  return `${formatType(t)}{${shown.join(', ')}}`
}
