import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import type { DType } from '../graph/types.js'

/**
 * A function of the language that builds graph nodes. The evaluator converts each argument by its kind: a static
 * number becomes a scalar tensor where a tensor is wanted, a single int becomes a list where `ints` is wanted.
 */
export interface LanguageFunction {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly LanguageParameter[]
  build(b: Builder, args: Arguments): Value | readonly Value[]
  /** Its value for static numbers, where it has one: the result is a static number then. */
  readonly onNumbers?: { f(...numbers: readonly number[]): number; readonly gives: NumbersGive }
}

/** Of a function of static numbers: a float, or what its arguments are, ints or floats. */
export type NumbersGive = 'float' | 'same'

/** `values` is a number or (nested) lists of numbers as a constant tensor: whole numbers alone give i64, others f32. */
export type ArgumentKind =
  | 'tensor'
  | 'values'
  | 'tensors'
  | 'int'
  | 'ints'
  | 'float'
  | 'bool'
  | 'string'
  | 'dtype'

export interface LanguageParameter {
  readonly name: string
  readonly kind: ArgumentKind
  /** Absent: required. null: the argument may be left out or none. */
  readonly default?: number | string | boolean | readonly number[] | null
}

/** Typed access to converted arguments; asking for the wrong kind is our bug and throws. */
export class Arguments {
  constructor(private readonly values: ReadonlyMap<string, unknown>) {}

  private get<T>(name: string, is: (v: unknown) => v is T): T {
    const value = this.values.get(name)
    if (!is(value)) throw new Error(`builtin argument ${name}: unexpected kind`)
    return value
  }
  tensor(name: string): Value {
    return this.get(name, isTensor)
  }
  tensors(name: string): readonly Value[] {
    return this.get(name, (v): v is readonly Value[] => Array.isArray(v) && v.every(isTensor))
  }
  int(name: string): number {
    return this.get(name, isNumber)
  }
  float(name: string): number {
    return this.get(name, isNumber)
  }
  ints(name: string): readonly number[] {
    return this.get(name, (v): v is number[] => Array.isArray(v) && v.every(isNumber))
  }
  bool(name: string): boolean {
    return this.get(name, (v): v is boolean => typeof v === 'boolean')
  }
  string(name: string): string {
    return this.get(name, isString)
  }
  dtype(name: string): DType {
    return this.get(name, (v): v is DType => isString(v))
  }
  /** True when the argument was given and is not none. */
  has(name: string): boolean {
    return this.values.get(name) !== undefined && this.values.get(name) !== null
  }
}

const isNumber = (v: unknown): v is number => typeof v === 'number'
const isString = (v: unknown): v is string => typeof v === 'string'
const isTensor = (v: unknown): v is Value =>
  typeof v === 'object' && v !== null && 'type' in v && 'source' in v
