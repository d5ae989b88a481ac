import { notFinite, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Value } from '../../graph/graph.js'
import { type DType, sameShape, scalar, tensor } from '../../graph/types.js'
import { Arguments, type LanguageFunction, type LanguageParameter } from '../../ops/language.js'
import { callAdapted } from './adapted-call.js'
import { type Given, type GivenArguments, bindArguments, missingArgument } from './arguments.js'
import { wrongValue } from './advice.js'
import { type Elaboration, fail } from './elaboration.js'
import { sumOfEntries } from './gradient-value.js'
import { sizeOrigins } from './size-origins.js'
import { type Val, float, int, list, tensorVal } from './values.js'

/** Calls a function that an operator file declares: converts the arguments and builds its nodes. */
export function callOperator(x: Elaboration, definition: LanguageFunction, given: GivenArguments): Val {
  const number = onStaticNumbers(x, definition, given)
  if (number) return number
  const joined = definition.name === 'concat' ? concatLists(x, given) : undefined
  if (joined) return joined
  const first = given.list[0]?.value
  if (definition.name === 'sum' && first?.kind === 'gradient' && given.list.length === 1)
    return sumOfEntries(x, first, given.span)
  const names = namesOf(definition)
  const bound = bindArguments(x, definition.name, names, given.list)
  const values = given.list.map(({ value }) => value)
  const beside = values.find((v) => v.kind === 'tensor')
  const dtype =
    beside?.kind === 'tensor' && beside.value.type.dtype !== 'bool' ? beside.value.type.dtype : 'f32'
  const converted = new Map<string, unknown>()
  const missing = definition.parameters.filter((p) => p.default === undefined && !bound.has(p.name))
  x.mistakes.each(definition.parameters, (parameter) => {
    const argument = bound.get(parameter.name)
    if (argument && !(argument.value.kind === 'none' && parameter.default !== undefined)) {
      converted.set(parameter.name, convert(x, definition.name, parameter, argument, dtype))
    } else if (parameter.default !== undefined) converted.set(parameter.name, parameter.default)
  })
  if (missing.length > 0)
    missingArgument(
      definition.name,
      missing.map((p) => p.name),
      names,
      given.span,
    )
  const adapted = callAdapted(x, definition, converted, given.span)
  if (adapted) return tensorVal(adapted)
  const result = x.build(
    given.span,
    (b) => definition.build(b, new Arguments(converted)),
    () => {
      const tensors = values.flatMap((v) => (v.kind === 'list' ? v.items : [v]))
      const operands = tensors.flatMap((v) => (v.kind === 'tensor' ? [v.value] : []))
      return sizeOrigins(x, operands, given.span)
    },
  )
  return Array.isArray(result) ? list(result.map((v: Value) => tensorVal(v))) : tensorVal(result as Value)
}

/** The result for numbers alone, which stays a number. */
function onStaticNumbers(
  x: Elaboration,
  definition: LanguageFunction,
  given: GivenArguments,
): Val | undefined {
  const { onNumbers } = definition
  if (!onNumbers || given.list.length !== definition.parameters.length) return undefined
  const numbers: number[] = []
  let whole = onNumbers.gives === 'same'
  for (const { value } of given.list) {
    if (value.kind !== 'int' && value.kind !== 'float') return undefined
    numbers.push(value.value)
    whole &&= value.kind === 'int'
  }
  if (given.list.some(({ name }) => name)) bindArguments(x, definition.name, namesOf(definition), given.list)
  const result = onNumbers.f(...numbers)
  if (Number.isFinite(result)) return whole ? int(result) : float(result)
  return fail(notFinite(given.span, { what: `${definition.name}(${numbers.join(', ')})`, got: result }))
}

const parameterNames = new WeakMap<LanguageFunction, readonly string[]>()

function namesOf(definition: LanguageFunction): readonly string[] {
  const known = parameterNames.get(definition)
  if (known) return known
  const names = definition.parameters.map((p) => p.name)
  parameterNames.set(definition, names)
  return names
}

/** `concat(xs, ys)` of two static lists; with one list of tensors and an axis it is the operator. */
function concatLists(x: Elaboration, given: GivenArguments): Val | undefined {
  const [a, b, ...rest] = given.list
  if (a?.value.kind !== 'list' || b?.value.kind !== 'list' || rest.length > 0) return undefined
  x.checkLength(a.value.items.length + b.value.items.length, given.span)
  return list([...a.value.items, ...b.value.items])
}

function convert(
  x: Elaboration,
  callee: string,
  parameter: LanguageParameter,
  { value, span }: Given,
  dtype: DType,
): unknown {
  const wanted = (what: string): never =>
    fail(wrongValue(span, value, { wanted: what, where: `\`${parameter.name}\` of \`${callee}\`` }))
  switch (parameter.kind) {
    case 'tensor':
      return tensorOf(x, value, dtype) ?? wanted('a tensor')
    case 'values':
      return constantOf(x, value) ?? wanted('a number or lists of numbers of equal length')
    case 'tensors': {
      const items =
        value.kind === 'list' || value.kind === 'tuple'
          ? value.items.map((v) => tensorOf(x, v, dtype))
          : [undefined]
      return items.every((v) => v !== undefined) ? items : wanted('a list of tensors')
    }
    case 'int':
      return value.kind === 'int' ? inRange(value.value, span) : wanted('an int')
    case 'float':
      return value.kind === 'int' || value.kind === 'float' ? value.value : wanted('a number')
    case 'ints':
      return numbers(value, 'int', span) ?? wanted('an int or a list of ints')
    case 'bool':
      return value.kind === 'bool' ? value.value : wanted('true or false')
    case 'string':
      return value.kind === 'string' ? value.value : wanted('a string')
    case 'dtype':
      return value.kind === 'dtype' ? value.dtype : wanted('an element type (f32, i64, bool, ...)')
  }
}

function inRange(value: number, span: Span): number {
  if (Math.abs(value) <= 2 ** 31) return value
  return fail(wrongType(span, { wanted: 'an int below 2^31', got: String(value) }))
}

function numbers(value: Val, kind: 'int', span: Span): readonly number[] | undefined {
  if (value.kind === kind) return [inRange(value.value, span)]
  if (value.kind !== 'list' && value.kind !== 'tuple') return undefined
  const items = value.items.map((v) => (v.kind === kind ? inRange(v.value, span) : undefined))
  return items.every((v) => v !== undefined) ? items : undefined
}

function tensorOf(x: Elaboration, value: Val, dtype: DType): Value | undefined {
  if (value.kind === 'tensor') return value.value
  if (value.kind === 'bool') return x.b.constant(scalar(value.value ? 1 : 0, 'bool'))
  if (value.kind === 'int' || value.kind === 'float') return x.b.constant(scalar(value.value, dtype))
  if (value.kind === 'list' || value.kind === 'tuple') return constantOf(x, value)
  return undefined
}

/** Nested lists of numbers as a constant: i64 when all are ints, else f32. */
function constantOf(x: Elaboration, value: Val): Value | undefined {
  const numbers: number[] = []
  let whole = true
  const walk = (v: Val): readonly number[] | undefined => {
    if (v.kind === 'int' || v.kind === 'float') {
      numbers.push(v.value)
      whole &&= v.kind === 'int'
      return []
    }
    if (v.kind !== 'list' && v.kind !== 'tuple') return undefined
    const shapes = v.items.map(walk)
    const [first = []] = shapes
    return shapes.every((s) => s !== undefined && sameShape(s, first))
      ? [v.items.length, ...first]
      : undefined
  }
  const shape = walk(value)
  return shape && x.b.constant(tensor(whole && numbers.length > 0 ? 'i64' : 'f32', shape, numbers))
}
