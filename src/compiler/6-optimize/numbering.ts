import { type Attributes, type Node, type Value, bodies, isGraph } from '../../graph/graph.js'
import type { Tensor } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'

/** Numbers values by what they compute: equal expressions get the same number, also those of different graphs. */
export class Numbering {
  private readonly numbers = new Map<Value, number>()
  private readonly keys = new Map<string, number>()

  of(value: Value): number {
    const number = this.numbers.get(value) ?? this.intern(this.valueKey(value))
    this.numbers.set(value, number)
    return number
  }

  /** The text of a node's operator, operands and attributes. */
  key(node: Node, inputs: readonly (Value | null)[]): string {
    const operands = inputs.map((v) => (v ? this.of(v) : -1))
    if (commutative.has(node.op)) operands.sort((x, y) => x - y)
    return `${node.op} ${operands.join()} ${attributesKey(node.attributes)}`
  }

  /** Says that values are the results of a node with this key. */
  name(values: readonly Value[], key: string): void {
    values.forEach((value, k) => {
      if (!this.numbers.has(value)) this.numbers.set(value, this.intern(`${key}#${k}`))
    })
  }

  private intern(key: string): number {
    const number = this.keys.get(key) ?? this.keys.size
    this.keys.set(key, number)
    return number
  }

  private valueKey(value: Value): string {
    const { source } = value
    if (source.kind === 'constant') return constantKey(source.tensor)
    if (source.kind === 'parameter') return `parameter ${source.model}/${source.path}`
    if (source.kind === 'node' && comparable(source.node)) {
      return `${this.key(source.node, source.node.inputs)}#${source.output}`
    }
    return `value ${this.numbers.size}`
  }
}

/** Nodes that compute the same from the same operands; one with a body may read other values too. */
export const comparable = (node: Node): boolean =>
  bodies(node).length === 0 && operator(node.op).domain !== 'dcrc'

const commutative = new Set(['Add', 'Mul', 'Max', 'Min', 'And', 'Or', 'Xor', 'Equal'])

/** The graphs that one graph becomes share constants and attributes, so each is spelled out once. */
const constantKeys = new WeakMap<Tensor, string>()
const attributeKeys = new WeakMap<Attributes, string>()

function constantKey(tensor: Tensor): string {
  const known = constantKeys.get(tensor)
  if (known !== undefined) return known
  const { dtype, shape, data } = tensor
  const key = `${dtype}[${shape.join()}]${Array.from(data, (v) => (Object.is(v, -0) ? '-0' : v)).join()}`
  constantKeys.set(tensor, key)
  return key
}

function attributesKey(attributes: Attributes): string {
  const known = attributeKeys.get(attributes)
  if (known !== undefined) return known
  let key = ''
  for (const name of Object.keys(attributes).sort()) {
    const a = attributes[name]
    if (a !== undefined && !isGraph(a)) key += `${name}=${typeof a === 'object' ? a.join() : a} `
  }
  attributeKeys.set(attributes, key)
  return key
}
