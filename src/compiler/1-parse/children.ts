import type { Expression } from './syntax.js'

/** Expressions that bind names for a part of themselves: who walks them keeps the scopes. */
type Binding = 'comprehension' | 'pairs' | 'block' | 'function'

/** The expressions right inside another one, in the order of the source. */
export function childrenOf(e: Exclude<Expression, { readonly kind: Binding }>): readonly Expression[] {
  switch (e.kind) {
    case 'field':
      return [e.object]
    case 'optional':
    case 'unary':
      return [e.operand]
    case 'call':
      return [e.callee, ...e.arguments.map((a) => a.value)]
    case 'index':
      return [
        e.object,
        ...e.indices.flatMap((k) =>
          k.kind === 'at' ? [k.value] : k.kind === 'slice' ? present(k.start, k.end, k.step) : [],
        ),
      ]
    case 'binary':
      return [e.left, e.right]
    case 'range':
      return present(e.start, e.end)
    case 'list':
    case 'tuple':
      return e.items
    case 'record':
      return e.fields.map((f) => f.value)
    case 'with':
      return [e.object, ...e.fields.map((f) => f.value)]
    case 'if':
      return present(e.condition, e.then, e.else)
    case 'match':
      return [
        e.subject,
        ...e.arms.flatMap((arm) => [
          ...arm.patterns.filter((p) => !(p.kind === 'name' && p.name === '_')),
          arm.value,
        ]),
      ]
    case 'draw': {
      // the name of a distribution is no name of the file
      const { distribution: d } = e
      const inside = d.kind === 'call' ? d.arguments.map((a) => a.value) : d.kind === 'name' ? [] : [d]
      return [...inside, ...present(e.like), ...(e.shape ?? [])]
    }
    case 'name':
    case 'int':
    case 'float':
    case 'quantity':
    case 'string':
    case 'bool':
    case 'none':
    case 'missing':
      return []
  }
}

const present = (...children: readonly (Expression | undefined)[]): readonly Expression[] =>
  children.filter((child) => child !== undefined)
