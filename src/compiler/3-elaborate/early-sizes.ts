import { childrenOf } from '../1-parse/children.js'
import type { Expression, Parameter, TypeSyntax } from '../1-parse/syntax.js'

const known = new WeakMap<readonly Parameter[], ReadonlyMap<string, Parameter>>()

/**
 * The parameters that a dimension of an earlier one names, each with the first that does: `r` of
 * `fn f(x: f32[h * r], r: int)`.
 */
export function namedEarlier(parameters: readonly Parameter[]): ReadonlyMap<string, Parameter> {
  const before = known.get(parameters)
  if (before) return before
  const found = search(parameters)
  known.set(parameters, found)
  return found
}

function search(parameters: readonly Parameter[]): ReadonlyMap<string, Parameter> {
  const named = new Map<string, Parameter>()
  const early = new Map<string, Parameter>()
  for (const parameter of parameters) {
    const { name, type } = parameter
    const by = named.get(name.text)
    if (by) early.set(name.text, by)
    for (const size of type ? sizeNames(type) : []) if (!named.has(size)) named.set(size, parameter)
  }
  return early
}

/** The sizes that a type names. */
export function sizeNames(type: TypeSyntax): readonly string[] {
  switch (type.kind) {
    case 'tensor-type':
      return type.dims.flatMap((dim) => (dim.kind === 'pack' ? [dim.name.text] : namesOf(dim.value)))
    case 'list-type':
      return sizeNames(type.item)
    case 'union-type':
      return type.items.flatMap(sizeNames)
    case 'named-type':
    case 'literal-type':
      return []
  }
}

/** The names that arithmetic reads. */
export function namesOf(e: Expression): readonly string[] {
  if (e.kind === 'name') return [e.name]
  if (e.kind === 'comprehension' || e.kind === 'function' || e.kind === 'pairs' || e.kind === 'block')
    return []
  return childrenOf(e).flatMap(namesOf)
}

/** What helps where a size is wanted before it is bound. */
export const bindBefore = (name: string, by: Parameter): string =>
  `the type of \`${by.name.text}\` names \`${name}\`: put the parameter \`${name}\` before it`
