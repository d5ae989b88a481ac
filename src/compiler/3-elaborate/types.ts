import { unknownName } from '../../diagnostics/catalogue/name.js'
import { shapeMismatch, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Label, Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { type DType, type TensorType, formatType, isFloat, scalar } from '../../graph/types.js'
import { binds } from '../1-parse/fold.js'
import type { DimSyntax, Expression, Identifier, Parameter, TypeSyntax } from '../1-parse/syntax.js'
import { measureOf } from '../1-parse/units.js'
import { wrongValue } from './advice.js'
import { matchDim } from './dims.js'
import { bindBefore } from './early-sizes.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { type TextVal, type Val, describe, float, int, list, tensorVal } from './values.js'

/** What is being matched, for messages: `x` of `linear`, given at a span. */
export interface Site {
  /** `parameter \`x\` of \`linear\``. */
  readonly what: string
  readonly span: Span
  /** Parameters that are bound behind it although its type names them, with the first that does. */
  readonly later?: ReadonlyMap<string, Parameter>
}

const typeNames = ['int', 'float', 'bool', 'string', 'none', 'bytes', 'time', 'share']
const dtypes: readonly string[] = ['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool']

/** The element type of a name; `float` is the compute type, f32. */
export function dtypeOf(name: Identifier): DType {
  if (name.text === 'float') return 'f32'
  if (dtypes.includes(name.text)) return name.text as DType
  return fail(
    unknownName(name.span, {
      name: name.text,
      what: 'element type',
      suggestion: closest(name.text, [...dtypes, 'float']),
    }),
  )
}

/**
 * Checks a value against a type, binding the dimension names that the type introduces. Gives the value, converted
 * where the language converts (an int where a float is wanted, a number where a scalar tensor is wanted).
 */
export function matchType(x: Elaboration, type: TypeSyntax, value: Val, env: Environment, site: Site): Val {
  const converted = tryMatch(x, type, value, env, site)
  if (converted) return converted
  return fail(
    wrongValue(site.span, value, {
      wanted: typeText(type),
      where: site.what,
      labels: [{ span: type.span, message: 'declared here' }],
    }),
  )
}

/** The same value converted, or undefined where it does not fit. */
export function tryMatch(
  x: Elaboration,
  type: TypeSyntax,
  value: Val,
  env: Environment,
  site: Site,
): Val | undefined {
  switch (type.kind) {
    case 'union-type': {
      for (const item of type.items) {
        if (item.kind === 'literal-type' && isText(item, value)) return x.texts.choose(type, value, site)
        const matched = item.kind === 'literal-type' ? undefined : tryMatch(x, item, value, env, site)
        if (matched) return matched
      }
      return undefined
    }
    case 'literal-type':
      return isText(type, value) ? x.texts.choose(type, value, site) : undefined
    case 'list-type': {
      if (value.kind !== 'list' && value.kind !== 'tuple') return undefined
      const items = value.items.map((item) => tryMatch(x, type.item, item, env, site))
      return items.every((item) => item !== undefined) ? list(items) : undefined
    }
    case 'named-type':
      return named(type.name, value, env)
    case 'tensor-type':
      return matchTensor(x, type, value, env, site)
  }
}

const isText = (type: TypeSyntax & { kind: 'literal-type' }, value: Val): value is TextVal =>
  value.kind === 'string' && value.value === type.value

function named(name: Identifier, value: Val, env: Environment): Val | undefined {
  switch (name.text) {
    case 'int':
    case 'bool':
    case 'string':
    case 'none':
      return value.kind === name.text ? value : undefined
    case 'float':
      return value.kind === 'int' ? float(value.value) : value.kind === 'float' ? value : undefined
    case 'bytes':
    case 'time':
    case 'share':
      return value.kind === 'quantity' && measureOf(value) === name.text ? value : undefined
    default: {
      const declared = env.get(name.text)
      if (declared?.kind === 'record-type')
        return value.kind === 'record' && value.type?.declaration === declared.declaration ? value : undefined
      if (declared?.kind === 'module')
        return value.kind === 'instance' && value.declaration === declared.declaration ? value : undefined
      return fail(
        unknownName(name.span, { name: name.text, what: 'type', suggestion: closest(name.text, typeNames) }),
      )
    }
  }
}

function matchTensor(
  x: Elaboration,
  type: TypeSyntax & { kind: 'tensor-type' },
  value: Val,
  env: Environment,
  site: Site,
): Val | undefined {
  const wanted = dtypeOf(type.dtype)
  if ((value.kind === 'int' || (value.kind === 'float' && isFloat(wanted))) && type.dims.length === 0)
    return tensorVal(x.b.constant(scalar(value.value, wanted)))
  if (value.kind !== 'tensor') return undefined
  const { dtype } = value.value.type
  if (dtype !== wanted && !(type.dtype.text === 'float' && isFloat(dtype))) return undefined
  matchShape(x, type, value.value.type, env, site)
  return value
}

function matchShape(
  x: Elaboration,
  type: TypeSyntax & { kind: 'tensor-type' },
  got: TensorType,
  env: Environment,
  site: Site,
): void {
  const { dims } = type
  const { shape } = got
  const pack = dims.findIndex((d) => d.kind === 'pack')
  if (pack < 0 ? shape.length !== dims.length : shape.length < dims.length - 1) {
    return mismatch(
      { type, site },
      `expected ${pack < 0 ? '' : 'at least '}${pack < 0 ? dims.length : dims.length - 1} dimensions, got ${formatType(got)}`,
    )
  }
  const tail = pack < 0 ? 0 : dims.length - pack - 1
  dims.forEach((dim, k) => {
    if (dim.kind === 'pack') env.set(dim.name.text, list(shape.slice(pack, shape.length - tail).map(int)))
    else
      matchAxis(x, { type, site, got }, dim, pack < 0 || k < pack ? k : shape.length - (dims.length - k), env)
  })
}

interface Matched {
  readonly type: TypeSyntax & { kind: 'tensor-type' }
  readonly site: Site
}

const mismatch = (
  { type, site }: Matched,
  message: string,
  labels: readonly Label[] = [],
  help?: string,
): never =>
  fail(
    shapeMismatch(site.span, {
      message: `${site.what}: ${message}`,
      labels: [{ span: type.span, message: `declared ${typeText(type)}` }, ...labels],
      help,
    }),
  )

/** Matches one axis with what the type says of it. */
function matchAxis(
  x: Elaboration,
  of: Matched & { readonly got: TensorType },
  dim: DimSyntax & { kind: 'dim' },
  axis: number,
  env: Environment,
): void {
  const { got, site } = of
  const { value } = dim
  const size = got.shape[axis] ?? 0
  if (value.kind === 'name') {
    const known = env.get(value.name)
    if (known?.kind !== 'int') {
      if (value.name !== '_') env.set(value.name, int(size), site.span)
      return
    }
    if (known.value === size) return
    const origin = env.origin(value.name)
    return mismatch(
      of,
      `axis ${axis} is ${size}, but \`${value.name}\` is ${known.value} (${formatType(got)})`,
      origin && (origin.start !== site.span.start || origin.file !== site.span.file)
        ? [{ span: origin, message: `\`${value.name}\` = ${known.value} comes from here` }]
        : [],
    )
  }
  const match = matchDim(x, value, size, env)
  if (match.kind === 'binds') env.set(match.name, int(match.value), site.span)
  else if (match.kind === 'wants')
    mismatch(
      of,
      `axis ${axis} is ${size}, expected ${value.kind === 'int' ? '' : `${dimText(dim)} = `}${match.value} (${formatType(got)})`,
    )
  else if (match.kind === 'inexact')
    mismatch(of, `axis ${axis} is ${size}, which is ${dimText(dim)} for no whole number \`${match.name}\``)
  else if (match.kind === 'several') {
    const names = match.names.map((name) => `\`${name}\``).join(' and ')
    const later = match.names.find((name) => site.later?.has(name) === true)
    const by = later === undefined ? undefined : site.later?.get(later)
    mismatch(
      of,
      `axis ${axis} is ${size}, from which ${names} of ${dimText(dim)} cannot be told`,
      [],
      later !== undefined && by ? bindBefore(later, by) : undefined,
    )
  } else if (match.kind === 'unknown') {
    const wanted = evaluate(x, value, env)
    fail(wrongType(value.span, { wanted: 'an int', got: describe(wanted), where: 'a dimension' }))
  }
}

/** A type as the user writes it. */
export function typeText(type: TypeSyntax): string {
  switch (type.kind) {
    case 'named-type':
      return type.name.text
    case 'literal-type':
      return JSON.stringify(type.value)
    case 'list-type':
      return `[${typeText(type.item)}]`
    case 'union-type':
      return type.items.map(typeText).join(' | ')
    case 'tensor-type':
      return `${type.dtype.text}[${type.dims.map(dimText).join(', ')}]`
  }
}

function dimText(dim: DimSyntax): string {
  if (dim.kind === 'pack') return `...${dim.name.text}`
  return arithmeticText(dim.value, 0)
}

/** Arithmetic on names and numbers as the user writes it, with brackets where it binds looser than `least`. */
function arithmeticText(e: Expression, least: number): string {
  if (e.kind === 'name') return e.name
  if (e.kind === 'int') return String(e.value)
  if (e.kind !== 'binary') return '(...)'
  const level = binds(e.operator)
  const text = `${arithmeticText(e.left, level)} ${e.operator} ${arithmeticText(e.right, level + 1)}`
  return level < least ? `(${text})` : text
}
