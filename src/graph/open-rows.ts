import { type Attribute, type Graph, type Node, type Value, constantOf, isGraph } from './graph.js'
import type { Tensor } from './types.js'

/** Graphs of one function, each for another number of rows; primes, so that no size of a model is one by accident. */
export const sampleRows = [23, 29, 31] as const

/** A graph for a number of rows. */
export interface Sized {
  readonly rows: number
  readonly graph: Graph
}

/** An integer that grows with the rows: base + slope * rows. */
export interface Growth {
  readonly base: number
  readonly slope: number
}

/** Of a graph's constants those that grow with the rows, item by item; everything else is the same for any number. */
export type OpenRows = ReadonlyMap<Value, readonly Growth[]>

/** What depends on the number of rows in a way that a graph cannot follow. */
export interface Fixed {
  readonly node: Node | undefined
  readonly reason: string
}

/**
 * What a function's graph reads of its number of rows, found by comparing graphs for several numbers: the same nodes in
 * the same order, whose constants are the same or whole numbers that grow linearly.
 */
export function openRows([first, ...others]: readonly Sized[]): OpenRows | Fixed {
  if (!first) throw new Error('no graph')
  const open = new Map<Value, readonly Growth[]>()
  for (const other of others) {
    const found = compare(first, other)
    if ('reason' in found) return found
    for (const [value, growth] of found) {
      const known = open.get(value)
      if (known && !sameGrowth(known, growth))
        return { node: reader(first.graph, value), reason: 'a size does not grow linearly' }
      open.set(value, growth)
    }
    if ([...open.keys()].some((value) => !found.has(value)))
      return { node: undefined, reason: 'a size does not grow linearly' }
  }
  return open
}

const sameGrowth = (a: readonly Growth[], b: readonly Growth[]): boolean =>
  a.every((g, i) => g.base === b[i]?.base && g.slope === b[i].slope)

const reader = (graph: Graph, value: Value): Node | undefined =>
  graph.nodes.find((node) => node.inputs.includes(value))

function compare(a: Sized, b: Sized): OpenRows | Fixed {
  const open = new Map<Value, readonly Growth[]>()
  const same = new Map<Value, Value>()
  const fixed = (node: Node | undefined, reason: string): Fixed => ({ node, reason })
  a.graph.inputs.forEach((value, i) => {
    const twin = b.graph.inputs[i]
    if (twin) same.set(value, twin)
  })
  if (a.graph.nodes.length !== b.graph.nodes.length)
    return fixed(undefined, 'other numbers of rows need other operators')
  for (const [i, node] of a.graph.nodes.entries()) {
    const twin = b.graph.nodes[i]
    if (!twin || twin.op !== node.op || twin.inputs.length !== node.inputs.length)
      return fixed(node, 'other numbers of rows need another operator')
    if (Object.values(node.attributes).some(isGraph)) return fixed(node, 'a loop has a fixed number of rows')
    if (!Object.entries(node.attributes).every(([name, v]) => sameAttribute(v, twin.attributes[name])))
      return fixed(node, 'a setting of the operator depends on the number of rows')
    for (const [k, value] of node.inputs.entries()) {
      const other = twin.inputs[k] ?? null
      const [one, two] = [constantOf(value), constantOf(other)]
      if (value && one && two) {
        const growth = growthOf(one, two, a.rows, b.rows)
        if (growth === undefined) return fixed(node, 'a number in it depends on the number of rows')
        if (growth.length > 0) open.set(value, growth)
      } else if (!sameLeaf(value, other) && same.get(value as Value) !== other)
        return fixed(node, 'other numbers of rows need other operands')
    }
    node.outputs.forEach((value, k) => {
      const output = twin.outputs[k]
      if (output) same.set(value, output)
    })
  }
  return open
}

/** Empty where both are the same; undefined where they differ otherwise than whole numbers that grow with the rows. */
function growthOf(a: Tensor, b: Tensor, rowsA: number, rowsB: number): readonly Growth[] | undefined {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return undefined
  if (a.data.every((v, i) => Object.is(v, b.data[i]))) return []
  if (a.dtype !== 'i64' || a.shape.length > 1) return undefined
  const growth = Array.from(a.data, (v, i) => {
    const slope = ((b.data[i] ?? NaN) - v) / (rowsB - rowsA)
    return { base: v - slope * rowsA, slope }
  })
  return growth.every(({ slope }) => Number.isInteger(slope)) ? growth : undefined
}

const sameLeaf = (a: Value | null, b: Value | null): boolean =>
  (a === null && b === null) ||
  (a?.source.kind === 'parameter' &&
    b?.source.kind === 'parameter' &&
    a.source.model === b.source.model &&
    a.source.path === b.source.path)

const sameAttribute = (a: Attribute, b: Attribute | undefined): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((v, i) => v === b[i]))
