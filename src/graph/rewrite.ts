import { Builder } from './builder.js'
import {
  type Attributes,
  type Graph,
  type Node,
  type Output,
  type Value,
  bodies,
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
  const copier = new Copier(new Builder({ next: shares ? idAfter(graph) : 0 }), rules, shares)
  const outputs = copier.copy(graph)
  return copier.b.finish(graph.name, outputs)
}

/** An id above all that stand in a graph. A node's results have the highest: they are made after what it reads. */
function idAfter(graph: Graph): number {
  let last = 0
  for (const { id } of graph.inputs) last = Math.max(last, id)
  for (const { value } of graph.outputs) last = Math.max(last, value.id)
  for (const node of graph.nodes) {
    last = Math.max(last, node.id)
    for (const { id } of node.outputs) last = Math.max(last, id)
    for (const body of bodies(node)) last = Math.max(last, idAfter(body.graph))
  }
  return last + 1
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
    const live = liveNodes(graph.nodes, outputs)
    for (const input of graph.inputs) if (live.read.has(input)) this.value(input)
    this.copyNodes(live.nodes)
    return outputs.map(({ name, value }) => ({ name, value: this.value(value) }))
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
    nested.copyNodes(liveNodes(body.nodes, body.outputs).nodes)
    const outputs = body.outputs.map(({ name, value }) => ({ name, value: nested.value(value) }))
    return nested.b.finish(body.name, outputs)
  }

  /** The node with new operands. */
  keep(node: Node, inputs: readonly (Value | null)[]): readonly Value[] {
    if (bodies(node).length > 0) return this.b.node(node.op, inputs, this.copyAttributes(node.attributes))
    return this.shares && sameValues(node.inputs, inputs) ? this.b.adopt(node) : this.b.copy(node, inputs)
  }

  private copyNodes(nodes: readonly Node[]): void {
    for (const node of nodes) {
      this.b.span = node.span
      const inputs: (Value | null)[] = []
      for (const v of node.inputs) inputs.push(v && this.value(v))
      const outputs = this.rules.node?.(node, inputs, this) ?? this.keep(node, inputs)
      if (outputs === node.outputs) continue
      let i = 0
      for (const old of node.outputs) {
        const value = outputs[i++]
        if (value) this.set(old, value)
      }
    }
    this.b.span = undefined
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
      return this.shares ? this.root.adoptInput(old) : this.root.input(source.name, type)
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
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}

/** The graph with fewer outputs and without what only the others needed; the nodes that stay are the same. */
export function slice(graph: Graph, outputs: readonly Output[] = graph.outputs): Graph {
  const live = needed(outputs.map((o) => o.value))
  return {
    name: graph.name,
    inputs: graph.inputs.filter((v) => live.values.has(v)),
    nodes: graph.nodes.filter((n) => live.nodes.has(n)),
    outputs,
  }
}

/** The nodes of a list in execution order that the outputs need, and all that they read. One pass from the end. */
function liveNodes(
  nodes: readonly Node[],
  outputs: readonly Output[],
): { readonly nodes: readonly Node[]; readonly read: ReadonlySet<Value> } {
  const read = new Set(outputs.map((o) => o.value))
  const live: Node[] = []
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]
    if (!node?.outputs.some((v) => read.has(v))) continue
    live.push(node)
    for (const input of node.inputs) if (input) read.add(input)
    for (const { graph } of bodies(node)) {
      for (const value of needed(graph.outputs.map((o) => o.value)).values) read.add(value)
    }
  }
  return { nodes: live.reverse(), read }
}

/** Every node and value that the given values are computed from, nested graphs included. */
export function needed(wanted: Iterable<Value>): {
  readonly nodes: ReadonlySet<Node>
  readonly values: ReadonlySet<Value>
} {
  const nodes = new Set<Node>()
  const values = new Set<Value>()
  const open = [...wanted]
  for (let value = open.pop(); value; value = open.pop()) {
    if (values.has(value)) continue
    values.add(value)
    const node = producer(value)
    if (!node || nodes.has(node)) continue
    nodes.add(node)
    for (const input of node.inputs) if (input) open.push(input)
    for (const body of bodies(node)) for (const output of body.graph.outputs) open.push(output.value)
  }
  return { nodes, values }
}

/** All nodes in execution order; the nodes of a nested graph come right before the node that holds it. */
export function* nodesOf(graph: Graph): Generator<Node> {
  for (const node of graph.nodes) {
    for (const body of bodies(node)) yield* nodesOf(body.graph)
    yield node
  }
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
  const inputs = node.inputs.filter((v) => v !== null)
  const nested = bodies(node)
  return nested.length === 0 ? inputs : [...inputs, ...nested.flatMap((body) => captured(body.graph))]
}

/** Which nodes of this graph read a value; a read inside a nested graph counts for the node that holds it. */
export function usersOf(graph: Graph): ReadonlyMap<Value, readonly Node[]> {
  const users = new Map<Value, Node[]>()
  for (const node of graph.nodes) {
    for (const value of new Set(operands(node))) {
      const list = users.get(value)
      if (list) list.push(node)
      else users.set(value, [node])
    }
  }
  return users
}
