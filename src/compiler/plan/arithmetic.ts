import { type Graph, type Node, type Value, producer } from '../../graph/graph.js'
import { findNodes } from '../../graph/rewrite.js'
import { type DType, isFloat, isNarrow } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import type { Kernels } from '../../targets/kernels.js'
import type { Target } from '../../targets/target.js'

/** In which types graphs compute. */
export interface Arithmetic {
  /** How many nodes multiply matrices, and how many lay kernels over pictures, by type. */
  readonly matrices: Counts
  readonly kernels: Counts
  /** Nodes that change one type of floats to another. */
  readonly casts: number
  /** What stands in f32 between casts, for want of a kernel: `Resize in bf16`. */
  readonly islands: readonly string[]
}

export type Counts = Readonly<Partial<Record<DType, number>>>

/** What is told of graphs that run at each step; null where nothing in them is narrow. */
export function arithmeticOf(graphs: readonly Graph[], { kernels }: Target): Arithmetic | null {
  const all = graphs.flatMap((graph) => findNodes(graph, () => true))
  const computed = all.filter(({ op }) => op !== 'Cast')
  if (!computed.some(({ outputs }) => outputs.some((v) => isNarrow(v.type.dtype)))) return null
  const readers = readersOf(all)
  const countsOf = (what: 'matrices' | 'kernels'): Counts => {
    const counts = new Map<DType, number>()
    for (const { op, outputs } of computed) {
      const type = outputs[0]?.type.dtype
      if (type && operator(op).multiplies === what) counts.set(type, (counts.get(type) ?? 0) + 1)
    }
    return Object.fromEntries(counts)
  }
  return {
    matrices: countsOf('matrices'),
    kernels: countsOf('kernels'),
    casts: all.filter(
      ({ op, inputs: [x], outputs: [y] }) =>
        op === 'Cast' && x && y && isFloat(x.type.dtype) && isFloat(y.type.dtype),
    ).length,
    islands: [...new Set(computed.flatMap((node) => islandOf(node, readers, kernels) ?? []))],
  }
}

/** The operator and type of a node that could be narrow, and is in f32 between casts alone. */
function islandOf(
  { op, inputs, outputs }: Node,
  readers: ReadonlyMap<Value, readonly Node[]>,
  kernels: Kernels,
): string | undefined {
  if (operator(op).narrow === 'none') return undefined
  const floats = inputs.flatMap((v) => (v?.type.dtype === 'f32' && v.source.kind !== 'constant' ? [v] : []))
  const types = floats.map((v) => {
    const made = producer(v)
    return made?.op === 'Cast' ? made.inputs[0]?.type.dtype : undefined
  })
  const [type] = types
  if (!isNarrow(type) || types.some((t) => t !== type) || kernels[op]?.types.includes(type)) return undefined
  const read = outputs.flatMap((v) => readers.get(v) ?? [])
  const casts = read.every((reader) => reader.op === 'Cast' && reader.attributes['to'] === type)
  return read.length > 0 && casts ? `${op} in ${type}` : undefined
}

function readersOf(nodes: readonly Node[]): ReadonlyMap<Value, readonly Node[]> {
  const readers = new Map<Value, Node[]>()
  for (const node of nodes)
    for (const v of node.inputs) if (v) readers.set(v, [...(readers.get(v) ?? []), node])
  return readers
}
