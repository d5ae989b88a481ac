import type { Builder } from '../graph/builder.js'
import type { Attributes, Graph, Node, Value } from '../graph/graph.js'
import type { DType, Tensor, TensorType } from '../graph/types.js'
import type { LanguageFunction } from './language.js'
import type { SampleRandom } from './sample.js'

/** What every operator of ONNX states that we have. */
interface Definition {
  /** ONNX's name; unique over all domains we use. */
  readonly name: string
  /** One paragraph: what it computes, with shapes; source. */
  readonly doc: string
  /** Attribute defaults, by ONNX's names. */
  readonly attributes?: Attributes
  /** Attributes without a default. */
  readonly withoutDefault?: readonly string[]
  /** Attributes of ONNX that are not known here, with the values at which they change nothing. */
  readonly ignored?: Readonly<Record<string, number | string>>
  /** The texts that an attribute may be, where ONNX has more of them. */
  readonly choices?: Readonly<Record<string, readonly string[]>>
  /** How the language calls it; several functions may build on one operator. */
  readonly language?: readonly LanguageFunction[]
  /** A random legal call for the tests; they draw at least 25. */
  sample(random: SampleRandom): Sample
}

/**
 * Everything the compiler knows of one operator, in one file of this folder. The checker, the differentiation
 * engine, the planner, the constant folder, the emitter, the numeric tests and the docs page follow from it; no file
 * outside of this folder lists the operators that have a property.
 */
export interface Operator extends Definition {
  /** '' is ai.onnx; 'dcrc' marks operators that a later phase must replace before emission. */
  readonly domain: '' | 'com.microsoft' | 'dcrc'
  /** The type rule. Throws TypeMismatch with one line in a user's words. `null` inputs are absent optional ones. */
  infer(inputs: readonly (Value | null)[], attributes: Attributes): readonly TensorType[]
  /** The value in float64: the oracle of tests and the constant folder. Only operators with bodies need `scope`. */
  value(inputs: readonly (Tensor | null)[], attributes: Attributes, scope?: Scope): readonly Tensor[]
  /** How cotangents flow back, or why they do not. */
  readonly derivative: Derivative
  /** Floating-point operations of one run; a multiply-add is 2. Bytes follow from the types. */
  flops(
    inputs: readonly (TensorType | null)[],
    outputs: readonly TensorType[],
    attributes: Attributes,
  ): number
  /**
   * Axis dependence. `rows[k]` is the axis of input k along which its `count` rows lie, or null when it does not vary
   * with the row. An axis may be longer than `count`: then each row is a block of it ([n, t, d] reshaped to [n * t, d]).
   * Per output: the axis along which rows lie, null, or 'coupled' when a row depends on other rows or on its position.
   */
  rows(
    rows: readonly RowAxis[],
    inputs: readonly (Value | null)[],
    outputs: readonly TensorType[],
    attributes: Attributes,
    count: number,
  ): readonly (RowAxis | 'coupled')[]
  /**
   * Its operands broadcast against each other along all axes but the last so many: 0 where each element of the result
   * follows from one element of each operand, 2 where matrices are multiplied. Absent: they do not.
   */
  readonly broadcasts?: number
  /**
   * How its operations follow from the shapes of its first two operands and its result alone: matrices are multiplied, or
   * kernels are laid over. Absent: they do not.
   */
  readonly multiplies?: 'matrices' | 'kernels'
  /** Types of operands as which files for other runtimes give them, whose older versions have no kernel for their own. */
  readonly exportedAs?: Partial<Record<DType, DType>>
  /**
   * The operands that it reads in floats of 16 bits where weights are narrow, and so its result. 'none': it is computed in
   * f32 there, since it adds up many terms, or small errors of operands are large ones of the result.
   */
  readonly narrow: 'all' | 'none' | readonly number[]
  /** Its operands may change places. */
  readonly commutative?: boolean
  /** What it takes of the elements along axes (input 1; absent: all axes): their sum, their mean, or one of them. */
  readonly reduces?: 'sum' | 'mean' | 'one'
  /** Of what gives the place of an extreme along its `axis`: the operator that gives its value. */
  readonly placeOf?: string
  /** Operands whose entries the results' are, as they were: moved, repeated or chosen from. */
  readonly moves?: 'all' | readonly number[]
  /** The result is an operand plus a constant number. */
  offset?(inputs: readonly (Value | null)[]): { readonly operand: Value; readonly by: number } | undefined
  /** Between which numbers the entries of the result lie, as far as that follows from those of the operands. */
  range?(
    operands: readonly (Range | undefined)[],
    inputs: readonly (Value | null)[],
    attributes: Attributes,
  ): Range | undefined
  /**
   * The operand that holds places along axes of the first one, all of that size; those below 0 count from the end.
   * Nothing where it cannot be said for all of them at once.
   */
  places?(
    inputs: readonly (Value | null)[],
    attributes: Attributes,
  ): { readonly operand: number; readonly size: number } | undefined
  /** The operand that holds the shape of the result. */
  readonly shapeOperand?: number
  /** It steers gradients alone: its value is that of its first operand, and it goes with the last derivative. */
  readonly marker?: boolean
  /** It reads a state or gives its next value, until the calls of the state are put in a row. */
  readonly ofState?: boolean
  readonly memory?: Memory
}

/** What onnxruntime's CPU kernel does with memory, beside reading its operands and filling results of its own. */
export interface Memory {
  /** The result is the memory of the first operand: nothing is moved. */
  readonly view?: boolean
  /** The result is written over the first operand, where it has that one's type and nothing else reads it any more. */
  readonly inPlace?: boolean
  /** The bytes that it takes only while it runs. */
  workspace?(
    outputs: readonly TensorType[],
    attributes: Attributes,
    inputs: readonly (TensorType | null)[],
  ): number
}

/**
 * An operator of ONNX that no graph holds: the builder writes it with others as it is added. Type rule, derivatives,
 * cost and axis dependence are those of its parts.
 */
export interface Composite extends Definition {
  /** The outputs, built from other operators. Throws TypeMismatch like a type rule. */
  expand(b: Builder, inputs: readonly (Value | null)[], attributes: Attributes): readonly Value[]
}

export type RowAxis = number | null

/** All numbers from `low` to `high`, both included. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** Runs a nested graph on argument values, where the values around it are known. */
export interface Scope {
  run(body: Graph, args: readonly Tensor[]): readonly Tensor[]
}

export type Derivative =
  /** Per input a thunk that builds its cotangent, or null for inputs without one (integers, shapes). */
  | {
      readonly kind: 'rule'
      readonly rule: (context: DerivativeContext) => readonly (null | (() => Value))[]
    }
  /** Piecewise constant: the cotangent is zero (Floor, Sign, comparisons). */
  | { readonly kind: 'zero' }
  /** Asking for it is a user's error, with this reason. */
  | { readonly kind: 'none'; readonly reason: string }

export interface DerivativeContext {
  readonly b: Builder
  readonly node: Node
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  /** The cotangent of output 0: most operators have one output. Only called when it exists. */
  readonly cotangent: Value
  /** Per output; null where nothing flows. */
  readonly cotangents: readonly (Value | null)[]
}
// A rule may return a cotangent in the broadcast shape of the output: the engine sums it down to the input's shape.

export interface Sample {
  readonly inputs: readonly (Tensor | null)[]
  readonly attributes: Attributes
  /** Inputs whose gradient the finite-difference test leaves out although they are floats. */
  readonly constant?: readonly number[]
}

/** A type rule's complaint, in the user's words; the caller adds code and span. */
export class TypeMismatch extends Error {
  constructor(
    message: string,
    readonly help?: string,
  ) {
    super(message)
  }
}

export type { DType }
