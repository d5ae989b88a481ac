import type { InputRole } from '../artefact/roles.js'
import type { Span } from '../diagnostics/diagnostic.js'
import { TypeMismatch } from '../ops/operator.js'
import { findComposite, operator } from '../ops/registry.js'
import {
  type Attributes,
  type Body,
  type Draft,
  type Graph,
  type Node,
  type Output,
  type Value,
  bodiesOf,
  noBodies,
} from './graph.js'
import {
  type DType,
  type NarrowFloat,
  type Tensor,
  type TensorType,
  elementCount,
  formatType,
  isFloat,
  maxElements,
  sameShape,
  scalar,
  tensor,
} from './types.js'

const none: Attributes = {}

/**
 * Appends nodes to one graph; every node is type-checked by its operator's rule as it is added. Simple identities
 * (a reshape to the same shape, x + 0, x * 1) give back their operand, so that rules need not avoid them.
 * A body of a Loop is built with `child()`, which sees the values of its parents.
 */
export class Builder {
  private readonly nodes: Node[] = []
  private readonly inputs: Value[] = []
  /** The span given to nodes added from now on. */
  span: Span | undefined
  /** The place of the program, outside of the library, that nodes are added for. */
  caller: Span | undefined

  /** How many numbers the constants made here hold. */
  constantElements = 0

  constructor(
    private readonly ids: { next: number } = { next: 0 },
    private readonly draft?: Draft,
  ) {}

  /** A builder for a nested graph. */
  child(): Builder {
    const nested = new Builder(this.ids, this.draft)
    nested.span = this.span
    nested.caller = this.caller
    return nested
  }

  get nodeCount(): number {
    return this.nodes.length
  }

  input(name: string, type: TensorType, role?: InputRole): Value {
    checkSize(type)
    const source = { kind: 'input', name } as const
    const value: Value = { id: this.ids.next++, type, source: role ? { ...source, role } : source }
    this.inputs.push(value)
    return value
  }

  parameter(model: string, path: string, type: TensorType, as?: NarrowFloat): Value {
    const source = { kind: 'parameter', model, path } as const
    return { id: this.ids.next++, type, source: as ? { ...source, as } : source }
  }

  constant(t: Tensor): Value {
    this.constantElements += t.data.length
    return {
      id: this.ids.next++,
      type: { dtype: t.dtype, shape: t.shape },
      source: { kind: 'constant', tensor: t },
    }
  }

  scalar(value: number, dtype: DType = 'f32'): Value {
    return this.constant(scalar(value, dtype))
  }

  ints(values: readonly number[]): Value {
    return this.constant(tensor('i64', [values.length], values))
  }

  /** Adds a node, or the nodes that a composite operator stands for, and returns all its outputs. */
  node(op: string, inputs: readonly (Value | null)[], attributes: Attributes = none): readonly Value[] {
    const composite = findComposite(op)
    if (composite) return composite.expand(this, inputs, { ...composite.attributes, ...attributes })
    const definition = operator(op)
    // Most nodes have the attributes that their operator has by itself, and share them.
    const full =
      attributes === none ? (definition.attributes ?? none) : { ...definition.attributes, ...attributes }
    const types = definition.infer(inputs, full)
    types.forEach(checkSize)
    return this.append(op, inputs, full, attributes === none ? noBodies : bodiesOf(full), types)
  }

  /** Adds a node and returns its first output. */
  op(op: string, inputs: readonly (Value | null)[], attributes: Attributes = none): Value {
    const first = this.node(op, inputs, attributes)[0]
    if (!first) throw new Error(`${op} has no output`)
    return first
  }

  /** Adds a node like an existing one without bodies; its operands have the types of that one's, so its results do. */
  copy(node: Node, inputs: readonly (Value | null)[]): readonly Value[] {
    const types = node.outputs.map((v) => v.type)
    return this.append(node.op, inputs, node.attributes, noBodies, types)
  }

  /** Takes over a node of another graph as it is. The ids of this builder must start above that graph's. */
  adopt(node: Node): readonly Value[] {
    this.nodes.push(node)
    return node.outputs
  }

  /** Takes over an input of another graph as it is. */
  adoptInput(value: Value): Value {
    this.inputs.push(value)
    return value
  }

  private append(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    bodies: readonly Body[],
    types: readonly TensorType[],
  ): readonly Value[] {
    const outputs: Value[] = []
    const id = this.ids.next++
    const { draft, span } = this
    const node: Node = span
      ? { id, op, inputs, outputs, attributes, bodies, draft, span }
      : { id, op, inputs, outputs, attributes, bodies, draft }
    for (let output = 0; output < types.length; output++) {
      const type = types[output]
      if (type) outputs.push({ id: this.ids.next++, type, source: { kind: 'node', node, output } })
    }
    this.nodes.push(node)
    return outputs
  }

  finish(name: string, outputs: readonly Output[]): Graph {
    const graph = { name, inputs: [...this.inputs], nodes: [...this.nodes], outputs: [...outputs] }
    idsAfter.set(graph, this.ids.next)
    return graph
  }

  // The operators that rules and passes use most.

  add = (x: Value, y: Value): Value =>
    isConstant(x, 0) && keeps(y, x) ? y : isConstant(y, 0) && keeps(x, y) ? x : this.op('Add', [x, y])
  sub = (x: Value, y: Value): Value => (isConstant(y, 0) && keeps(x, y) ? x : this.op('Sub', [x, y]))
  mul = (x: Value, y: Value): Value =>
    isConstant(x, 1) && keeps(y, x) ? y : isConstant(y, 1) && keeps(x, y) ? x : this.op('Mul', [x, y])
  div = (x: Value, y: Value): Value => (isConstant(y, 1) && keeps(x, y) ? x : this.op('Div', [x, y]))
  neg = (x: Value): Value => this.op('Neg', [x])
  matmul = (x: Value, y: Value): Value => this.op('MatMul', [x, y])
  exp = (x: Value): Value => this.op('Exp', [x])
  log = (x: Value): Value => this.op('Log', [x])
  sqrt = (x: Value): Value => this.op('Sqrt', [x])
  where = (c: Value, x: Value, y: Value): Value => this.op('Where', [c, x, y])
  /** x times a number, in x's element type. */
  scale = (x: Value, factor: number): Value =>
    factor === 1 ? x : this.mul(x, this.scalar(factor, x.type.dtype))
  cast = (x: Value, to: DType): Value => (x.type.dtype === to ? x : this.op('Cast', [x], { to }))

  reshape = (x: Value, shape: readonly number[]): Value =>
    sameShape(x.type.shape, shape) ? x : this.op('Reshape', [x, this.ints(shape)])

  transpose = (x: Value, perm: readonly number[]): Value =>
    perm.every((p, i) => p === i) ? x : this.op('Transpose', [x], { perm })

  expand = (x: Value, shape: readonly number[]): Value =>
    sameShape(x.type.shape, shape) ? x : this.op('Expand', [x, this.ints(shape)])

  sum = (x: Value, axes: readonly number[], keep = false): Value =>
    axes.length === 0 ? x : this.op('ReduceSum', [x, this.ints(axes)], { keepdims: keep ? 1 : 0 })

  mean = (x: Value, axes: readonly number[], keep = false): Value =>
    axes.length === 0 ? x : this.op('ReduceMean', [x, this.ints(axes)], { keepdims: keep ? 1 : 0 })

  concat = (parts: readonly Value[], axis: number): Value =>
    parts.length === 1 && parts[0] ? parts[0] : this.op('Concat', parts, { axis })

  /** x[.., start:end:step, ..] along one axis. */
  slice = (x: Value, axis: number, start: number, end: number, step = 1): Value =>
    this.op('Slice', [x, this.ints([start]), this.ints([end]), this.ints([axis]), this.ints([step])])

  /** Zeros of a value's type and shape. */
  zerosLike = (x: Value): Value => this.expand(this.scalar(0, x.type.dtype), x.type.shape)
}

/** Of graphs that builders gave: an id above all that stand in them. */
const idsAfter = new WeakMap<Graph, number>()

/** An id above all that stand in a graph. A node's results have the highest: they are made after what it reads. */
export function idAfter(graph: Graph): number {
  const known = idsAfter.get(graph)
  if (known !== undefined) return known
  let last = 0
  for (const { id } of graph.inputs) last = Math.max(last, id)
  for (const { value } of graph.outputs) last = Math.max(last, value.id)
  for (const node of graph.nodes) {
    last = Math.max(last, node.id, node.outputs.at(-1)?.id ?? 0)
    for (const body of node.bodies) last = Math.max(last, idAfter(body.graph))
  }
  return last + 1
}

/** Says that all of one graph stands in another, too. */
export function partOf<G extends Graph>(part: G, whole: Graph): G {
  const after = idsAfter.get(whole)
  if (after !== undefined) idsAfter.set(part, after)
  return part
}

function checkSize(type: TensorType): void {
  if (elementCount(type.shape) <= maxElements) return
  throw new TypeMismatch(`${formatType(type)} is larger than any tensor may be (2^36 elements)`)
}

/** A constant scalar equal to `c`. */
function isConstant(value: Value, c: number): boolean {
  return (
    value.source.kind === 'constant' &&
    value.source.tensor.data.length === 1 &&
    value.source.tensor.data[0] === c &&
    isFloat(value.type.dtype)
  )
}

/** Broadcasting `other` against `x` leaves x's shape. */
const keeps = (x: Value, other: Value): boolean => other.type.shape.length <= x.type.shape.length
