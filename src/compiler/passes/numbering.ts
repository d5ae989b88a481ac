import { type Attributes, type Node, type Value, isGraph } from '../../graph/graph.js'
import { tensorKey } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'

/** Numbers values by what they compute: equal expressions get the same number, also those of different graphs. */
export class Numbering {
  private readonly numbers = new Map<Value, number>()
  private readonly attributes = new Map<Attributes, number>()
  private readonly keys = new Map<string, number>()
  private next = 0

  of(value: Value): number {
    const known = this.numbers.get(value)
    if (known !== undefined) return known
    const number = this.numberOf(value)
    this.numbers.set(value, number)
    return number
  }

  /** The number of the first result of a node on these operands; those of the other results follow it. */
  ofNode({ op, outputs, attributes }: Node, inputs: readonly (Value | null)[]): number {
    const key = `${op} ${this.operandsKey(op, inputs)} ${this.ofAttributes(attributes)}`
    return this.intern(key, outputs.length)
  }

  /** Says that values are the results of a node whose first has this number. */
  name(values: readonly Value[], first: number): void {
    values.forEach((value, k) => {
      if (!this.numbers.has(value)) this.numbers.set(value, first + k)
    })
  }

  /** Nodes that were made from one share their attributes. */
  private ofAttributes(attributes: Attributes): number {
    const known = this.attributes.get(attributes)
    if (known !== undefined) return known
    const number = this.intern(attributesKey(attributes))
    this.attributes.set(attributes, number)
    return number
  }

  private operandsKey(op: string, inputs: readonly (Value | null)[]): string {
    if (operator(op).commutative) return this.sortedKey(inputs)
    let key = ''
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]
      key += input ? `${this.of(input)},` : ','
    }
    return key
  }

  private sortedKey(inputs: readonly (Value | null)[]): string {
    const first = inputs[0]
    const second = inputs[1]
    if (inputs.length !== 2 || !first || !second)
      return inputs
        .map((v) => (v ? this.of(v) : -1))
        .sort((x, y) => x - y)
        .join()
    const x = this.of(first)
    const y = this.of(second)
    return x < y ? `${x},${y}` : `${y},${x}`
  }

  private intern(key: string, count = 1): number {
    const known = this.keys.get(key)
    if (known !== undefined) return known
    const number = this.next
    this.keys.set(key, number)
    this.next += count
    return number
  }

  private numberOf({ source }: Value): number {
    if (source.kind === 'constant') return this.intern(tensorKey(source.tensor))
    if (source.kind === 'parameter') return this.intern(`parameter ${source.model}/${source.path}`)
    if (source.kind === 'node' && comparable(source.node))
      return this.ofNode(source.node, source.node.inputs) + source.output
    return this.next++
  }
}

/** Nodes that compute the same from the same operands; one with a body may read other values too. */
export const comparable = (node: Node): boolean =>
  node.bodies.length === 0 && operator(node.op).domain !== 'dcrc'

function attributesKey(attributes: Attributes): string {
  let key = ''
  for (const name of Object.keys(attributes).sort()) {
    const a = attributes[name]
    if (a !== undefined && !isGraph(a)) key += `${name}=${typeof a === 'object' ? a.join() : a} `
  }
  return key
}
