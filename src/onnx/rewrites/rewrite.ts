import type { Builder } from '../../graph/builder.js'
import { type Value, constantOf } from '../../graph/graph.js'
import type { Tensor } from '../../graph/types.js'
import type { FileNode } from '../file-node.js'
import { damaged, unsupported } from '../problem.js'
import { operatorAttributes } from '../operator-attributes.js'
import { type FileTensor } from '../tensor.js'

/** A node of a file to be written with our operators. */
export class RewriteContext {
  constructor(
    readonly b: Builder,
    readonly node: FileNode,
    readonly inputs: readonly (Value | null)[],
    /** The values of a tensor attribute. */
    readonly values: (t: FileTensor) => Tensor,
  ) {}

  /** The version of ai.onnx that the file names. */
  get opset(): number {
    return this.node.opset
  }

  /** Input k, which the node must have. */
  input(k: number): Value {
    return this.inputs[k] ?? damaged(`it has no input ${k}`)
  }

  /** Input k, if it is given. */
  optional(k: number): Value | null {
    return this.inputs[k] ?? null
  }

  /** The numbers of input k, which must not depend on data. */
  numbers(k: number): readonly number[] {
    const constant = constantOf(this.input(k))
    return constant
      ? [...constant.data]
      : unsupported(`its input ${k} depends on the values of an argument; it may depend on shapes alone`)
  }

  has(name: string): boolean {
    return this.node.attributes.has(name)
  }

  int(name: string, otherwise: number): number {
    const value = this.node.attributes.get(name) ?? otherwise
    return typeof value === 'number' ? value : damaged(`the attribute "${name}" is no number`)
  }

  text(name: string, otherwise: string): string {
    const value = this.node.attributes.get(name) ?? otherwise
    return typeof value === 'string' ? value : damaged(`the attribute "${name}" is no text`)
  }

  ints(name: string): readonly number[] | undefined {
    const value = this.node.attributes.get(name)
    if (value === undefined) return undefined
    return Array.isArray(value) ? (value as readonly number[]) : damaged(`the attribute "${name}" is no list`)
  }

  /** An axis of x, counted from the front. */
  axis(axis: number, rank: number): number {
    const wrapped = axis < 0 ? axis + rank : axis
    if (wrapped >= 0 && wrapped < rank) return wrapped
    return damaged(`it names axis ${axis} of ${rank}`)
  }

  /** Our operator of the same name, with these inputs and the node's attributes but for some. */
  same(inputs: readonly (Value | null)[], without: readonly string[] = [], more = {}): readonly Value[] {
    const attributes = new Map([...this.node.attributes].filter(([name]) => !without.includes(name)))
    return this.b.node(this.node.op, inputs, { ...operatorAttributes({ ...this.node, attributes }), ...more })
  }
}

/** Writes a node with our operators where ONNX's form differs from ours, or where a value is known at once. */
export type Rewrite = (c: RewriteContext) => readonly Value[]
