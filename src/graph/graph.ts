import type { InputRole } from '../artefact/roles.js'
import type { Span } from '../diagnostics/diagnostic.js'
import type { GraphOutputRole } from './roles.js'
import type { NarrowFloat, Tensor, TensorType } from './types.js'

/**
 * The IR: a graph in single-assignment form whose operators are ONNX's, with their names and attributes.
 * Nodes stand in a valid execution order. A nested graph (a Loop body) is an attribute of its node and may
 * use values of the graphs around it.
 */
export interface Graph {
  readonly name: string
  readonly inputs: readonly Value[]
  readonly nodes: readonly Node[]
  readonly outputs: readonly Output[]
}

/** Outputs are named; one value may have several names. Those of bodies and functions have no role. */
export interface Output {
  readonly name: string
  readonly value: Value
  readonly role?: GraphOutputRole
}

/** A tensor value. Its identity is the object; `id` only orders and prints. */
export interface Value {
  readonly id: number
  readonly type: TensorType
  readonly source: Source
}

/** Where a value comes from. */
export type Source =
  /** Fed at each run, with what its role says; by its place in bodies and functions. */
  | { readonly kind: 'input'; readonly name: string; readonly role?: InputRole }
  /**
   * A model's parameter: trained (becomes state) or frozen (becomes an external initializer). With `as` the graph reads
   * its values rounded to that type, whatever type it holds them in.
   */
  | { readonly kind: 'parameter'; readonly model: string; readonly path: string; readonly as?: NarrowFloat }
  /** A constant of the program, small. */
  | { readonly kind: 'constant'; readonly tensor: Tensor }
  | { readonly kind: 'node'; readonly node: Node; readonly output: number }

/** Absent optional inputs are null. */
export interface Node {
  readonly id: number
  readonly op: string
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly Value[]
  readonly attributes: Attributes
  /** The nested graphs among the attributes. */
  readonly bodies: readonly Body[]
  /** The series of rewrites that it was made in. */
  readonly draft?: Draft | undefined
  /** The source it was written at; kept by every pass. */
  readonly span?: Span
}

/**
 * A series of rewrites of which only the last graph is wanted. Graphs do not change, with one exception: a node made in
 * a series is known to nobody outside it, so a later rewrite of the series gives it new operands where it would
 * otherwise make a copy of it, and of all that follows. Its operands may have larger ids then than it has itself.
 */
export class Draft {
  /** Gives a node of this series other operands of the same types. */
  feed(node: Node, inputs: Node['inputs']): void {
    if (node.draft !== this) throw new Error(`${node.op} was not made in this series of rewrites`)
    ;(node as { inputs: Node['inputs'] }).inputs = inputs
  }
}

export type Attribute = number | string | readonly number[] | Graph
export type Attributes = Readonly<Record<string, Attribute>>

export const isGraph = (attribute: Attribute): attribute is Graph =>
  typeof attribute === 'object' && !Array.isArray(attribute)

/** The constant behind a value, if it is one. */
export const constantOf = (value: Value | null | undefined): Tensor | undefined =>
  value?.source.kind === 'constant' ? value.source.tensor : undefined

/** The node that makes a value, if one does. */
export const producer = (value: Value): Node | undefined =>
  value.source.kind === 'node' ? value.source.node : undefined

/** A nested graph, and the attribute that it is. */
export interface Body {
  readonly name: string
  readonly graph: Graph
}

export const noBodies: readonly Body[] = []

/** The nested graphs among attributes. */
export function bodiesOf(attributes: Attributes): readonly Body[] {
  let found = noBodies
  for (const name of Object.keys(attributes)) {
    const a = attributes[name]
    if (a !== undefined && isGraph(a)) found = [...found, { name, graph: a }]
  }
  return found
}
