import { Builder, idAfter, partOf } from './builder.js'
import {
  type Attributes,
  type Draft,
  type Graph,
  type Node,
  type Output,
  type Value,
  isGraph,
  producer,
} from './graph.js'
import { formatType, sameShape } from './types.js'

/**
 * The one mechanism for transforming graphs: copy the graph through a Builder and say, per node or per leaf, what
 * stands in its place. What the wanted outputs do not need is not copied, so each rewrite also removes dead code.
 * Graphs do not change, so what stays as it was is not copied either: old and new graph share it.
 */
export interface Rewrite {
  /** Copies everything into new nodes, whose ids follow their order; gradients need that. */
  readonly afresh?: boolean
  /** The series that this rewrite belongs to; the graph that it is given may not be used afterwards. */
  readonly draft?: Draft | undefined
  /** The outputs to keep; all of the graph's when absent. */
  readonly outputs?: readonly Output[]
  /**
   * What stands in a node's place: a new value per output (null for outputs that nothing reads), or undefined to
   * copy the node. `inputs` are the new operands; nodes of nested graphs come too, with the builder of their body.
   */
  readonly node?: (
    node: Node,
    inputs: readonly (Value | null)[],
    copy: Copier,
  ) => readonly (Value | null)[] | undefined
  /**
   * What stands in the place of a graph input, parameter or constant, or undefined to copy it. `b` is the builder of
   * the outermost graph, also where a body is the first to read the value.
   */
  readonly leaf?: (value: Value, b: Builder) => Value | undefined
}

/** The rewritten graph. Inputs of the top level that nothing reads any more are dropped. */
export function rewrite(graph: Graph, rules: Rewrite = {}): Graph {
  const shares = rules.afresh !== true
  const copier = new Copier(new Builder({ next: shares ? idAfter(graph) : 0 }, rules.draft), rules, shares)
  return copier.b.finish(graph.name, copier.copy(graph))
}

/** Copies graphs into a builder that others append to as well; `value` tells what became of an old value. */
export class Copier {
  /** With `shares` what stays as it was is taken over; the builder's ids must start above the graph's. */
  constructor(
    readonly b: Builder,
    private readonly rules: Rewrite = {},
    private readonly shares = false,
    private readonly values: Map<Value, Value> = new Map(),
    private readonly parameters: Map<string, Value> = new Map(),
    private readonly root: Builder = b,
  ) {}

  /** Appends what the wanted outputs need and gives back those outputs. */
  copy(graph: Graph): Output[] {
    const outputs = this.rules.outputs ?? graph.outputs
    const live = liveNodes(graph, outputs)
    for (const input of graph.inputs) if (live.reads(input)) this.value(input)
    this.copyNodes(live.nodes)
    return outputs.map((output) => ({ ...output, value: this.value(output.value) }))
  }

  /** The new value that stands for an old one. */
  value(old: Value): Value {
    const known = this.values.get(old)
    if (known) return known
    if (old.source.kind === 'node') {
      if (this.shares) return old
      throw new Error(`rewrite: ${old.source.node.op} is read but was not copied`)
    }
    const value = this.rules.leaf?.(old, this.root) ?? this.copyLeaf(old)
    this.set(old, value)
    return value
  }

  /** The same, of what was copied so far. */
  copied(old: Value): Value | undefined {
    return this.values.get(old)
  }

  /** States that `value` stands for `old` from now on. */
  set(old: Value, value: Value): void {
    if (
      old.type !== value.type &&
      (old.type.dtype !== value.type.dtype || !sameShape(old.type.shape, value.type.shape))
    ) {
      throw new Error(`rewrite: ${formatType(value.type)} cannot stand for ${formatType(old.type)}`)
    }
    this.values.set(old, value)
  }

  /** A copy of a nested graph: its inputs and outputs keep their positions, values from outside are replaced. */
  copyBody(body: Graph): Graph {
    const nested = new Copier(
      this.b.child(),
      { ...this.rules, outputs: body.outputs },
      this.shares,
      this.values,
      this.parameters,
      this.root,
    )
    for (const input of body.inputs) {
      if (input.source.kind === 'input') nested.set(input, nested.b.input(input.source.name, input.type))
    }
    nested.copyNodes(liveNodes(body, body.outputs).nodes)
    const outputs = body.outputs.map((output) => ({ ...output, value: nested.value(output.value) }))
    return nested.b.finish(body.name, outputs)
  }

  /** The node with new operands. */
  keep(node: Node, inputs: readonly (Value | null)[]): readonly Value[] {
    if (node.bodies.length > 0) return this.b.node(node.op, inputs, this.copyAttributes(node.attributes))
    if (!this.shares) return this.b.copy(node, inputs)
    if (!sameValues(node.inputs, inputs)) {
      const { draft } = this.rules
      if (!draft || node.draft !== draft) return this.b.copy(node, inputs)
      draft.feed(node, inputs)
    }
    return this.b.adopt(node)
  }

  private copyNodes(nodes: readonly Node[]): void {
    for (const node of nodes) {
      this.b.span = node.span
      const inputs = this.operands(node.inputs)
      const outputs = this.rules.node?.(node, inputs, this) ?? this.keep(node, inputs)
      if (outputs === node.outputs) continue
      for (let i = 0; i < node.outputs.length; i++) {
        const old = node.outputs[i]
        const value = outputs[i]
        if (old && value) this.set(old, value)
      }
    }
    this.b.span = undefined
  }

  /** What stands for a node's operands; the same list where that is the same. */
  private operands(inputs: readonly (Value | null)[]): readonly (Value | null)[] {
    let changed: (Value | null)[] | undefined
    for (let i = 0; i < inputs.length; i++) {
      const old = inputs[i]
      const value = old && this.value(old)
      if (!value || value === old) continue
      changed ??= inputs.slice()
      changed[i] = value
    }
    return changed ?? inputs
  }

  private copyAttributes(attributes: Attributes): Attributes {
    const copied = Object.entries(attributes).map(
      ([name, a]) => [name, isGraph(a) ? this.copyBody(a) : a] as const,
    )
    return Object.fromEntries(copied)
  }

  /** One parameter is one value in the copy, however often the old graph made one for it. */
  private copyLeaf(old: Value): Value {
    const { source, type } = old
    if (source.kind === 'node') throw new Error('a node is no leaf')
    if (source.kind === 'input')
      return this.shares ? this.root.adoptInput(old) : this.root.input(source.name, type, source.role)
    if (source.kind === 'constant') return this.shares ? old : this.b.constant(source.tensor)
    const key = `${source.model}/${source.path}`
    const value =
      this.parameters.get(key) ??
      (this.shares ? old : this.b.parameter(source.model, source.path, type, source.as))
    this.parameters.set(key, value)
    return value
  }
}

function sameValues(a: readonly (Value | null)[], b: readonly (Value | null)[]): boolean {
  if (a === b) return true
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}

/** The graph with fewer outputs and without what only the others needed; the nodes that stay are the same. */
export function slice(graph: Graph, outputs: readonly Output[] = graph.outputs): Graph {
  const { nodes, reads } = liveNodes(graph, outputs)
  return partOf({ ...graph, inputs: graph.inputs.filter(reads), nodes, outputs }, graph)
}

/** The nodes of a graph that the outputs need, in execution order, and which inputs they read. One pass from the end. */
function liveNodes(
  graph: Graph,
  outputs: readonly Output[],
): { readonly nodes: readonly Node[]; readonly reads: (input: Value) => boolean } {
  // By id: what a body reads of the graphs around it may lie beyond the marks, and does not matter here.
  const wanted = new Uint8Array(idAfter(graph))
  const read = ({ id, source }: Value): void => {
    wanted[source.kind === 'node' ? source.node.id : id] = 1
  }
  for (const { value } of outputs) read(value)
  const live: Node[] = []
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]
    if (!node || wanted[node.id] !== 1) continue
    live.push(node)
    for (let k = 0; k < node.inputs.length; k++) {
      const input = node.inputs[k]
      if (input) read(input)
    }
    if (node.bodies.length === 0) continue
    for (const body of node.bodies) for (const value of neededBy(body.graph)) read(value)
  }
  return { nodes: live.reverse(), reads: ({ id }) => wanted[id] === 1 }
}

const neededBy = (graph: Graph): ReadonlySet<Value> => needed(graph.outputs.map((o) => o.value))

/** Every value that the given values are computed from, themselves and nested graphs included. */
export function needed(wanted: Iterable<Value>): ReadonlySet<Value> {
  const values = new Set<Value>()
  const open = [...wanted]
  for (let value = open.pop(); value; value = open.pop()) {
    if (values.has(value)) continue
    values.add(value)
    const node = producer(value)
    if (!node) continue
    for (let i = 0; i < node.inputs.length; i++) {
      const input = node.inputs[i]
      if (input && !values.has(input)) open.push(input)
    }
    for (const body of node.bodies) for (const output of body.graph.outputs) open.push(output.value)
  }
  return values
}

/**
 * Every node that the given values are computed from, nested graphs included, in an order of execution: that of their
 * ids, which a graph has whose nodes all came afresh from one builder.
 */
export function nodesBehind(wanted: readonly Value[]): readonly Node[] {
  const open = wanted.flatMap((value) => producer(value) ?? [])
  // A node's operands have smaller ids than the node.
  const last = open.reduce((most, { id }) => Math.max(most, id), 0)
  const found = Array.from<Node | undefined>({ length: last + 1 })
  for (let node = open.pop(); node; node = open.pop()) {
    if (found[node.id]) continue
    found[node.id] = node
    for (let i = 0; i < node.inputs.length; i++) {
      const source = node.inputs[i]?.source
      if (source?.kind === 'node' && !found[source.node.id]) open.push(source.node)
    }
    if (node.bodies.length === 0) continue
    for (const { graph } of node.bodies)
      for (const { value } of graph.outputs) if (value.source.kind === 'node') open.push(value.source.node)
  }
  const nodes: Node[] = []
  for (let id = 0; id < found.length; id++) {
    const node = found[id]
    if (node) nodes.push(node)
  }
  return nodes
}

/** Visits all nodes in execution order; the nodes of a nested graph come right before the node that holds it. */
export function visitNodes({ nodes }: Graph, visit: (node: Node) => void): void {
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]
    if (!node) continue
    if (node.bodies.length > 0) for (const body of node.bodies) visitNodes(body.graph, visit)
    visit(node)
  }
}

/** How many nodes there are, nested graphs included. */
export function countNodes(graph: Graph): number {
  let count = 0
  visitNodes(graph, () => count++)
  return count
}

/** The nodes that are wanted, nested graphs included, in the order of `visitNodes`. */
export function findNodes(graph: Graph, wanted: (node: Node) => boolean): readonly Node[] {
  const found: Node[] = []
  visitNodes(graph, (node) => {
    if (wanted(node)) found.push(node)
  })
  return found
}

/** What a nested graph reads of the graphs around it, in order of first use; constants and parameters included. */
export function captured(body: Graph): readonly Value[] {
  const own = new Set<Value>(body.inputs)
  const outer = new Set<Value>()
  const read = (value: Value | null): void => {
    if (value && !own.has(value)) outer.add(value)
  }
  for (const node of body.nodes) {
    operands(node).forEach(read)
    for (const output of node.outputs) own.add(output)
  }
  for (const output of body.outputs) read(output.value)
  return [...outer]
}

/** Everything that a node reads: its inputs and what its nested graphs capture. */
export function operands(node: Node): readonly Value[] {
  const inputs = allGiven(node.inputs) ? node.inputs : node.inputs.filter((v) => v !== null)
  const nested = node.bodies
  return nested.length === 0 ? inputs : [...inputs, ...nested.flatMap((body) => captured(body.graph))]
}

const allGiven = (values: readonly (Value | null)[]): values is readonly Value[] => !values.includes(null)

/**
 * Whether exactly one node of this graph reads a value, and it is no output; a read inside a nested graph counts for the
 * node that holds it. The answer stays that of now when the graph becomes another one.
 */
export function readOnce(graph: Graph): (value: Value) => boolean {
  const size = idAfter(graph)
  /** By the ids of values: how many nodes read them, where more than one is two. */
  const readers = new Uint8Array(size)
  const lastReader = new Int32Array(size).fill(-1)
  for (const { value } of graph.outputs) readers[value.id] = 2
  const read = ({ id }: Value, reader: number): void => {
    const count = readers[id] ?? 2
    if (count === 2 || lastReader[id] === reader) return
    readers[id] = count + 1
    lastReader[id] = reader
  }
  for (let i = 0; i < graph.nodes.length; i++) {
    const node = graph.nodes[i]
    if (!node) continue
    for (let k = 0; k < node.inputs.length; k++) {
      const input = node.inputs[k]
      if (input) read(input, i)
    }
    if (node.bodies.length === 0) continue
    for (const body of node.bodies) for (const value of captured(body.graph)) read(value, i)
  }
  return ({ id }) => readers[id] === 1
}
