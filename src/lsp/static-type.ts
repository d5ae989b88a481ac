import type { Expression, TypeSyntax } from '../compiler/1-parse/syntax.js'
import { type NameScope, type SourceSymbol, type StaticType, resolved } from './symbols.js'

const typed = (found: SourceSymbol | undefined): StaticType | undefined => found && resolved(found).type()

/** The type of a value as the text tells it, without evaluation: which module or record made it. */
export function typeOf(e: Expression, scope: NameScope): StaticType | undefined {
  switch (e.kind) {
    case 'name':
      return typed(scope.get(e.name))
    case 'field':
      return typed(memberOf(e.object, e.name.text, scope))
    case 'optional':
      return typeOf(e.operand, scope)
    case 'with':
      return typeOf(e.object, scope)
    case 'call': {
      const callee = calleeOf(e.callee, scope)
      if (callee?.kind === 'module' || callee?.kind === 'record') return { of: callee, list: false }
      const { declaration } = callee ?? {}
      return declaration?.kind === 'fn' && declaration.result
        ? typeOfSyntax(declaration.result, scope)
        : undefined
    }
    case 'index': {
      const list = typeOf(e.object, scope)
      const [first] = e.indices
      return list?.list === true && first?.kind === 'at' && first.value.kind !== 'range'
        ? { of: list.of, list: false }
        : list
    }
    case 'list': {
      const [first] = e.items
      return listOf(first && typeOf(first, scope))
    }
    case 'comprehension':
      return listOf(typeOf(e.value, scope))
    case 'if':
      return typeOf(e.then, scope) ?? (e.else && typeOf(e.else, scope))
    case 'match':
      return e.arms.map((arm) => typeOf(arm.value, scope)).find((found) => found !== undefined)
    case 'block':
      return e.result && typeOf(e.result, scope)
    default:
      return undefined
  }
}

/** The type that a declared type names. */
export function typeOfSyntax(type: TypeSyntax, scope: NameScope): StaticType | undefined {
  switch (type.kind) {
    case 'named-type': {
      const found = scope.get(type.name.text)
      const of = found && resolved(found)
      return of?.kind === 'module' || of?.kind === 'record' ? { of, list: false } : undefined
    }
    case 'list-type':
      return listOf(typeOfSyntax(type.item, scope))
    case 'union-type':
      return type.items.map((item) => typeOfSyntax(item, scope)).find((found) => found !== undefined)
    default:
      return undefined
  }
}

const listOf = (item: StaticType | undefined): StaticType | undefined => item && { ...item, list: true }

/** One item of a list of a type. */
export const itemOf = (list: StaticType | undefined): StaticType | undefined =>
  list?.list === true ? { of: list.of, list: false } : undefined

/** What `object.name` names. */
export function memberOf(object: Expression, name: string, scope: NameScope): SourceSymbol | undefined {
  const type = typeOf(object, scope)
  return type && !type.list ? type.of.members.get(name) : undefined
}

/** What a call calls: a function, module or record, or the `forward` of a value of a module. */
export function calleeOf(callee: Expression, scope: NameScope): SourceSymbol | undefined {
  const named =
    callee.kind === 'name'
      ? scope.get(callee.name)
      : callee.kind === 'field'
        ? memberOf(callee.object, callee.name.text, scope)
        : undefined
  const found = named && resolved(named)
  if (found && ['fn', 'module', 'record'].includes(found.kind)) return found
  const instance = typeOf(callee, scope)
  return instance && !instance.list ? instance.of.members.get('forward') : undefined
}
