import { noMatch, wrongType } from '../../diagnostics/catalogue/type.js'
import { unknownField, unset } from '../../diagnostics/catalogue/name.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Expression, Statement } from '../1-parse/syntax.js'
import { amountOf, measureOf } from '../1-parse/units.js'
import { namesSet } from '../2-resolve/names/bindings.js'
import { isLibrary } from '../2-resolve/program.js'
import { notAMember } from './advice.js'
import { binary, unary } from './arithmetic.js'
import { call } from './call.js'
import { draw } from './draw.js'
import { type Elaboration, type Form, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { bind, evaluate, read } from './evaluate.js'
import { frozenMember } from './frozen.js'
import { everyArm, local, rounds } from './made-up/arms.js'
import { index } from './indexing.js'
import { writtenMember } from './join-path.js'
import { pairs } from './pairs.js'
import { copyWith } from './record-value.js'
import { type Val, describe, int, list, none, record, staticEqual, tensorVal, tuple } from './values.js'

/** An `if`, with a value or without. */
type Choice = (Expression & { readonly kind: 'if' }) | (Statement & { readonly kind: 'if-statement' })

/** The forms of expressions, one line each. */
export function forms(x: Elaboration, e: Form, env: Environment): Val {
  switch (e.kind) {
    case 'quantity':
    case 'string':
    case 'bool':
      return e
    case 'none':
      return none
    case 'field':
      return member(x, evaluate(x, e.object, env), e.name.text, e.name.span, false)
    case 'optional':
      return optional(x, e.operand, env)
    case 'call':
      return call(x, e, env)
    case 'index':
      return indexed(x, e, evaluate(x, e.object, env), env)
    case 'unary':
      return unary(x, e, evaluate(x, e.operand, env))
    case 'binary':
      return binary(x, e, env)
    case 'range':
      return range(x, e, env)
    case 'list':
      return list(x.mistakes.each(e.items, (item) => evaluate(x, item, env)))
    case 'tuple':
      return tuple(x.mistakes.each(e.items, (item) => evaluate(x, item, env)))
    case 'comprehension':
      return list(
        rounds(x, e.iterable, env).map((item) => {
          const inner = new Environment(env)
          bind(inner, e.pattern, item)
          return evaluate(x, e.value, inner)
        }),
      )
    case 'record':
      return record(new Map(x.mistakes.each(e.fields, (f) => [f.name.text, evaluate(x, f.value, env)])))
    case 'with':
      return copyWith(x, e, env)
    case 'if':
      return chosen(x, e, env)
    case 'match':
      return match(x, e, env)
    case 'function':
      return local(x, { kind: 'fn', declaration: e.function, environment: env.captured() })
    case 'block':
      for (const s of e.statements) statement(x, s, env)
      return e.result ? evaluate(x, e.result, env) : none
    case 'draw':
      return draw(x, e, env)
    case 'pairs':
      return pairs(x, e, env)
    case 'missing':
      return fail(wrongType(e.span, { wanted: 'an expression', got: 'nothing' }))
  }
}

/** A statement of the library that fails ends the call; behind one of the user's own the next one is looked at. */
function statement(x: Elaboration, s: Statement, env: Environment): void {
  if (isLibrary(s.span.file)) return execute(x, s, env)
  x.mistakes.orFailed(
    env,
    () => namesSet(s),
    () => execute(x, s, env),
  )
}

function execute(x: Elaboration, s: Statement, env: Environment): void {
  switch (s.kind) {
    case 'fn': {
      const environment = env.captured()
      const value = { kind: 'fn', declaration: s, environment } as const
      environment.set(s.name.text, value)
      env.set(s.name.text, value)
      local(x, value)
      return
    }
    case 'next':
      return x.states.next(s.name, env, () => evaluate(x, s.value, env), s.span)
    case 'assign': {
      const run = (): Val => evaluate(x, s.value, env)
      bind(
        env,
        s.pattern,
        s.pattern.kind === 'name-pattern' ? x.drawPath.within(s.pattern.name.text, run) : run(),
      )
      return
    }
    case 'for':
      for (const item of rounds(x, s.iterable, env)) {
        x.mistakes.round(() => {
          bind(env, s.pattern, item)
          evaluate(x, s.body, env)
        })
      }
      return
    case 'if-statement':
      chosen(x, s, env)
  }
}

/** The arm of an `if` that its condition takes. */
function chosen(
  x: Elaboration,
  { span, condition: asked, then, else: otherwise }: Choice,
  env: Environment,
): Val {
  if (x.madeUp?.looksAt(span) === true)
    return everyArm(x, env, () => condition(x, asked, env), otherwise ? [then, otherwise] : [then, undefined])
  const arm = condition(x, asked, env) ? then : otherwise
  return arm ? taken(x, arm, env) : none
}

/** An arm that is taken. */
function taken(x: Elaboration, arm: Expression, env: Environment): Val {
  x.reached.add(arm)
  return evaluate(x, arm, env)
}

function condition(x: Elaboration, e: Expression, env: Environment): boolean {
  const value = evaluate(x, e, env)
  if (value.kind === 'bool') return value.value
  const help =
    value.kind === 'tensor'
      ? '`if` chooses when the file is compiled; `where(c, a, b)` chooses element by element'
      : undefined
  return fail(wrongType(e.span, { wanted: 'true or false', got: describe(value), help }))
}

/** A range of ints is the list of them, one of quantities the pair of its ends: `0%..80%`. */
function range(x: Elaboration, e: Expression & { kind: 'range' }, env: Environment): Val {
  if (!e.start || !e.end)
    return fail(
      wrongType(e.span, { wanted: 'a range with both ends', got: 'an open range', help: 'write `a..b`' }),
    )
  const [first, last] = [evaluate(x, e.start, env), evaluate(x, e.end, env)]
  if (first.kind === 'quantity' || last.kind === 'quantity') return interval(e, first, last)
  const bound = (part: Expression, value: Val): number => {
    if (value.kind === 'int') return value.value
    return fail(wrongType(part.span, { wanted: 'an int', got: describe(value), where: 'an end of a range' }))
  }
  const start = bound(e.start, first)
  const length = Math.max(0, bound(e.end, last) + (e.inclusive ? 1 : 0) - start)
  x.checkLength(length, e.span)
  return list(Array.from({ length }, (_, k) => int(start + k)))
}

function interval(e: Expression & { kind: 'range' }, start: Val, end: Val): Val {
  const wanted = 'two quantities of one measure, the lower first, as in `0%..80%`'
  const wrong = (got: string): never => fail(wrongType(e.span, { wanted, got, where: 'this range' }))
  if (e.inclusive) return wrong('`..=`')
  const ordered =
    start.kind === 'quantity' &&
    end.kind === 'quantity' &&
    measureOf(start) === measureOf(end) &&
    amountOf(start) <= amountOf(end)
  return ordered ? tuple([start, end]) : wrong(`${describe(start)} and ${describe(end)}`)
}

function match(x: Elaboration, e: Expression & { kind: 'match' }, env: Environment): Val {
  if (x.madeUp?.looksAt(e.span) === true) {
    const subject = (): Val => evaluate(x, e.subject, env)
    return everyArm(
      x,
      env,
      subject,
      e.arms.map((arm) => arm.value),
    )
  }
  const subject = evaluate(x, e.subject, env)
  const staticArm = (p: Expression): boolean => p.kind !== 'none' && !(p.kind === 'name' && p.name === '_')
  if (subject.kind === 'tensor' && e.arms.some((arm) => arm.patterns.some(staticArm))) {
    const help = '`match` chooses when the file is compiled; `where(c, a, b)` chooses element by element'
    return fail(wrongType(e.subject.span, { wanted: 'a static value', got: describe(subject), help }))
  }
  x.texts.ask(e, subject)
  for (const arm of e.arms) {
    const fits = arm.patterns.some((p) => {
      if (p.kind === 'name' && p.name === '_') return true
      return staticEqual(subject, evaluate(x, p, env)) === true
    })
    if (fits) return taken(x, arm.value, env)
  }
  const arms = e.arms
    .flatMap((a) => a.patterns)
    .map((p) => (p.kind === 'string' ? JSON.stringify(p.value) : p.kind === 'int' ? String(p.value) : p.kind))
  return fail(noMatch(e.subject.span, { value: describe(subject), arms: arms.join(', ') }))
}

/** `x?`: the value of a member that may be absent. */
function optional(x: Elaboration, e: Expression, env: Environment): Val {
  if (e.kind === 'name') return read(x, env.get(e.name) ?? none, e.span)
  if (e.kind === 'field') return member(x, evaluate(x, e.object, env), e.name.text, e.name.span, true)
  return evaluate(x, e, env)
}

/** `object.name`. */
/** `x[...]`; with a name in quotes, as models of ONNX files have them that are no identifiers, the member. */
function indexed(x: Elaboration, e: Expression & { kind: 'index' }, object: Val, env: Environment): Val {
  const [only, ...others] = e.indices
  const name = only?.kind === 'at' && others.length === 0 ? only.value : undefined
  const hasMembers = object.kind === 'instance' || object.kind === 'record' || object.kind === 'frozen'
  if (name?.kind === 'string' && hasMembers) return member(x, object, name.value, name.span, false)
  return index(x, e, object, env)
}

function member(x: Elaboration, object: Val, name: string, span: Span, optional: boolean): Val {
  switch (object.kind) {
    case 'record': {
      const value = object.fields.get(name)
      if (value) return value
      break
    }
    case 'instance': {
      const value = object.environment.hasOwn(name) ? object.environment.get(name) : undefined
      if (value) return read(x, value, span)
      if (!optional && object.environment.isAbsent(name)) return fail(unset(span, { name, member: true }))
      break
    }
    case 'frozen': {
      const { instance } = object
      const { place } = instance
      if (!place) throw new Error('what is frozen has a place')
      const value = x.frozenly(place, () => member(x, instance, name, span, optional))
      return frozenMember(value, place)
    }
    case 'data': {
      const rows = x.batch(object.name, name, span)
      if (rows) return tensorVal(rows)
      break
    }
    default:
      break
  }
  if (optional) return none
  return fail(unknownMember(object, name, span, x))
}

function unknownMember(
  object: Val,
  name: string,
  span: Span,
  x?: Elaboration,
): ReturnType<typeof unknownField> {
  const known = knownMembers(object, x)
  const nearest = closest(name, known)
  // what is no identifier does not stand behind a point
  const isWord = nearest !== undefined && writtenMember(nearest) === `.${nearest}`
  return unknownField(span, {
    name,
    object: describe(object),
    suggestion: isWord ? nearest : undefined,
    known: nearest === undefined || isWord ? known.map(shownMember) : [shownMember(nearest)],
    help: notAMember(object, name),
  })
}

const shownMember = (name: string): string => writtenMember(name).replace(/^\./, '')

function knownMembers(object: Val, x?: Elaboration): readonly string[] {
  switch (object.kind) {
    case 'record':
      return [...object.fields.keys()]
    case 'instance': {
      const members = object.declaration.members.map((m) => m.name.text)
      return [...object.declaration.parameters.map((p) => p.name.text), ...members]
    }
    case 'data':
      return x?.data.get(object.name)?.spec.fields.map((f) => f.name) ?? []
    default:
      return []
  }
}
