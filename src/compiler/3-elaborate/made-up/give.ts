import type { DimSyntax, Expression, Parameter, TypeSyntax } from '../../1-parse/syntax.js'
import { childrenOf } from '../../1-parse/children.js'
import { namesOf, sizeNames } from '../early-sizes.js'
import type { Elaboration } from '../elaboration.js'
import { Environment } from '../environment.js'
import { evaluate, evaluateOrUnknown } from '../evaluate.js'
import { unknown } from '../fail.js'
import { dtypeOf, matchType } from '../types.js'
import { type RecordType, type Val, float, int, list, record, tensorVal, unknownVal } from '../values.js'
import type { MadeUp } from './made-up.js'

/** Gives made-up values to parameters: ints first, since types name them, but for those whose default is of a size. */
export function giveAll(x: Elaboration, parameters: readonly Parameter[], env: Environment): void {
  const isInt = ({ type }: Parameter): boolean => type?.kind === 'named-type' && type.name.text === 'int'
  const give = (p: Parameter): void =>
    x.mistakes.orFailed(
      env,
      () => [p.name.text],
      () => env.set(p.name.text, valueOf(x, p, env)),
    )
  const late = new Set(parameters.flatMap(({ type }) => (type ? sizeNames(type) : [])))
  for (const { name } of parameters) late.delete(name.text)
  for (const { name, default: value } of parameters)
    if (value && namesOf(value).some((n) => late.has(n))) late.add(name.text)
  const isFirst = (p: Parameter): boolean => isInt(p) && !late.has(p.name.text)
  parameters.filter(isFirst).forEach(give)
  parameters.filter((p) => !isFirst(p)).forEach(give)
}

/** Gives a parameter what its type says, to which an argument is given of which nothing is known. */
export function giveUnknown(x: Elaboration, { name, type }: Parameter, env: Environment): void {
  env.set(name.text, type ? guess(x, type, env) : unknownVal)
}

/** The same for a value that the code has chosen itself. */
export function guess(x: Elaboration, type: TypeSyntax, env: Environment): Val {
  if (x.madeUp) x.madeUp.guessed = true
  return give(x, type, env)
}

/** A number has its default; of all else other values must do as well. */
function valueOf(x: Elaboration, parameter: Parameter, env: Environment): Val {
  const { type, default: given, name, span } = parameter
  if (!given) return type ? give(x, type, env) : unknownVal
  const value = evaluateOrUnknown(x, given, env)
  if (!type || value.kind === 'unknown') return type ? give(x, type, env) : unknownVal
  const site = { what: `\`${name.text}\``, span }
  const typed = matchType(x, type, value, new Environment(env), site)
  return typed.kind === 'int' || typed.kind === 'float' ? typed : give(x, type, env)
}

/** A made-up value of a type; sizes that it introduces are made up too. */
export function give(x: Elaboration, type: TypeSyntax, env: Environment): Val {
  const { madeUp } = x
  if (!madeUp) return unknownVal
  if (type.kind === 'named-type') {
    const { text } = type.name
    if (text === 'int') return int(madeUp.int())
    if (text === 'float') return float(madeUp.float())
    const declared = env.get(text)
    return declared?.kind === 'record-type' ? madeUpRecord(x, declared) : unknownVal
  }
  if (type.kind !== 'tensor-type') return unknownVal
  const shape = type.dims.flatMap((dim) => sizesOf(x, madeUp, dim, env))
  return tensorVal(x.argument(madeUp.tensorName(), { dtype: dtypeOf(type.dtype), shape }, type.span))
}

function madeUpRecord(x: Elaboration, type: RecordType): Val {
  const { fields } = type.declaration
  const environment = new Environment(type.environment)
  giveAll(x, fields, environment)
  return record(new Map(fields.map(({ name: { text } }) => [text, environment.get(text) ?? unknownVal])), {
    type,
  })
}

function sizesOf(x: Elaboration, madeUp: MadeUp, dim: DimSyntax, env: Environment): readonly number[] {
  if (dim.kind === 'pack') {
    const known = env.get(dim.name.text)
    if (known?.kind === 'list') return known.items.map((v) => (v.kind === 'int' ? v.value : madeUp.dim()))
    const sizes = Array.from({ length: madeUp.sizes.pack }, () => madeUp.dim())
    env.set(dim.name.text, list(sizes.map(int)))
    return sizes
  }
  if (dim.value.kind === 'name' && dim.value.name === '_') return [madeUp.dim()]
  for (const name of namesIn(dim.value)) {
    const known = env.get(name)
    if (known?.kind === 'unknown') madeUp.guessed = true
    if (known?.kind !== 'int') env.set(name, int(madeUp.dim()), dim.span)
  }
  const size = evaluate(x, dim.value, env)
  if (size.kind !== 'int' || size.value < 1) throw unknown
  return [size.value]
}

const namesIn = (e: Expression): readonly string[] => {
  if (e.kind === 'name') return [e.name]
  return e.kind === 'binary' ? childrenOf(e).flatMap(namesIn) : []
}
