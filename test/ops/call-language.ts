import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type DType, type Tensor, elementCount, tensor } from '../../src/graph/types.js'
import { Arguments } from '../../src/ops/language.js'
import { languageFunctions } from '../../src/ops/registry.js'

/** Builds a call of a language function with arguments as the evaluator hands them over: by name, defaults filled in. */
export function build(b: Builder, name: string, given: Readonly<Record<string, unknown>>): readonly Value[] {
  const f = languageFunctions.get(name)
  if (!f) throw new Error(`no function ${name}`)
  const unknown = Object.keys(given).filter((key) => !f.parameters.some((p) => p.name === key))
  if (unknown.length > 0) throw new Error(`${name} has no parameter ${unknown.join()}`)
  const values = new Map<string, unknown>()
  for (const p of f.parameters) {
    const value = given[p.name] ?? p.default
    if (value === undefined) throw new Error(`${name} wants ${p.name}`)
    values.set(p.name, asArgument(b, value))
  }
  const result = f.build(b, new Arguments(values))
  return Array.isArray(result) ? (result as readonly Value[]) : [result as Value]
}

/** A tensor becomes a constant; lists of tensors likewise. */
function asArgument(b: Builder, value: unknown): unknown {
  if (isTensor(value)) return b.constant(value)
  return Array.isArray(value) ? value.map((v: unknown) => asArgument(b, v)) : value
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'data' in value && 'dtype' in value

/** The value of a call. */
export function call(name: string, given: Readonly<Record<string, unknown>>): readonly Tensor[] {
  const b = new Builder()
  const results = build(b, name, given)
  return interpret(
    b.finish(
      'call',
      results.map((value, i) => ({ name: `${i}`, value })),
    ),
    () => {
      throw new Error('a call has no inputs')
    },
  )
}

/** 1, 2, 3, ... in a shape. */
export const counting = (shape: readonly number[], dtype: DType = 'f32'): Tensor =>
  tensor(
    dtype,
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => i + 1),
  )
