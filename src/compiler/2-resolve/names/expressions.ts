import { childrenOf } from '../../1-parse/children.js'
import { patternNames } from '../../1-parse/pattern-names.js'
import type {
  Argument,
  DimSyntax,
  Expression,
  FunctionDeclaration,
  Identifier,
  Parameter,
  Statement,
  TypeSyntax,
} from '../../1-parse/syntax.js'
import { bindingsBy, bindingsIn } from './bindings.js'
import type { Follower } from './follower.js'

/** An expression that is evaluated by itself. */
export function followValue<S>(f: Follower<S>, e: Expression, scope: S): void {
  f.value?.(e)
  followExpression(f, e, scope)
}

/** The same with locals of its own. */
export function followBody<S>(f: Follower<S>, e: Expression, scope: S, kind: 'value' | 'clause'): void {
  const inner = f.inner(scope, { kind, span: e.span })
  for (const binding of bindingsIn(e)) f.bind(inner, binding)
  followValue(f, e, inner)
}

/** A function's parameters, result and body. */
export function followFunction<S>(f: Follower<S>, fn: FunctionDeclaration, scope: S): void {
  const inner = f.inner(scope, { kind: 'function', node: fn })
  followParameters(f, fn.parameters, inner)
  if (fn.result) followType(f, fn.result, inner, true)
  for (const binding of bindingsIn(fn.body)) f.bind(inner, binding)
  followExpression(f, fn.body, inner)
}

export function followExpression<S>(f: Follower<S>, e: Expression, scope: S): void {
  switch (e.kind) {
    case 'name':
      return f.use(scope, { text: e.name, span: e.span }, 'value')
    case 'field':
      followExpression(f, e.object, scope)
      return f.member?.(scope, e.name, { kind: 'object', of: e.object })
    case 'call':
      followExpression(f, e.callee, scope)
      return followArguments(f, e.arguments, e.callee, scope)
    case 'with':
      followExpression(f, e.object, scope)
      for (const { name, value } of e.fields) {
        f.member?.(scope, name, { kind: 'object', of: e.object })
        followExpression(f, value, scope)
      }
      return
    case 'comprehension': {
      followExpression(f, e.iterable, scope)
      const inner = f.inner(scope, { kind: 'binder', span: e.span })
      for (const binding of bindingsBy(e.pattern, e.iterable, true)) f.bind(inner, binding)
      for (const name of patternNames(e.pattern)) f.bound?.(inner, name)
      return followExpression(f, e.value, inner)
    }
    case 'pairs': {
      for (const { count } of e.over) followExpression(f, count, scope)
      const inner = f.inner(scope, { kind: 'binder', span: e.span })
      for (const name of e.over.flatMap(({ names }) => names)) {
        f.bind(inner, { kind: 'local', name, whole: true })
        f.bound?.(inner, name)
      }
      return followExpression(f, e.value, inner)
    }
    case 'function':
      return followFunction(f, e.function, scope)
    case 'block':
      for (const s of e.statements) followStatement(f, s, scope)
      if (e.result) followExpression(f, e.result, scope)
      return
    default:
      for (const child of childrenOf(e)) followExpression(f, child, scope)
  }
}

function followStatement<S>(f: Follower<S>, s: Statement, scope: S): void {
  switch (s.kind) {
    case 'fn':
      f.bound?.(scope, s.name)
      return followFunction(f, s, scope)
    case 'assign':
    case 'for':
      for (const name of patternNames(s.pattern)) f.bound?.(scope, name)
      followExpression(f, s.kind === 'assign' ? s.value : s.iterable, scope)
      if (s.kind === 'for') followExpression(f, s.body, scope)
      return
    case 'next':
      f.use(scope, s.name, 'value')
      return followExpression(f, s.value, scope)
    case 'if-statement':
      followExpression(f, s.condition, scope)
      followExpression(f, s.then, scope)
      if (s.else) followExpression(f, s.else, scope)
  }
}

function followArguments<S>(f: Follower<S>, given: readonly Argument[], callee: Expression, scope: S): void {
  for (const { name, value } of given) {
    if (name) f.member?.(scope, name, { kind: 'callee', of: callee })
    followExpression(f, value, scope)
  }
}

/** Parameters or fields in turn: the type of one names sizes, its default sees those before it. */
export function followParameters<S>(f: Follower<S>, parameters: readonly Parameter[], scope: S): void {
  for (const parameter of parameters) {
    if (parameter.type) followType(f, parameter.type, scope, true)
    if (parameter.default) followExpression(f, parameter.default, scope)
    f.bind(scope, { kind: 'parameter', name: parameter.name, parameter })
  }
}

/** With `binds`, the sizes that it names become names of the scope. */
export function followType<S>(f: Follower<S>, type: TypeSyntax, scope: S, binds = false): void {
  switch (type.kind) {
    case 'named-type':
      return f.use(scope, type.name, 'declaration')
    case 'list-type':
      return followType(f, type.item, scope, binds)
    case 'union-type':
      return type.items.forEach((item) => followType(f, item, scope, binds))
    case 'tensor-type':
      return type.dims.forEach((dim) => followDimension(f, dim, scope, binds))
    case 'literal-type':
  }
}

function followDimension<S>(f: Follower<S>, dim: DimSyntax, scope: S, binds: boolean): void {
  const size = (name: Identifier): void => {
    f.bind(scope, { kind: 'dimension', name })
    f.bound?.(scope, name)
  }
  const sizes = (e: Expression): void => {
    if (e.kind === 'name') size({ text: e.name, span: e.span })
    else if (e.kind === 'binary') childrenOf(e).forEach(sizes)
    else followExpression(f, e, scope)
  }
  if (dim.kind === 'pack') {
    if (binds) size(dim.name)
    else f.use(scope, dim.name, 'declaration')
  } else if (binds) sizes(dim.value)
  else followExpression(f, dim.value, scope)
}
