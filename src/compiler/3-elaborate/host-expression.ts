import type { HostExpression } from '../../artefact/data.js'
import type { Json } from '../../artefact/json.js'
import { badField, keptDraws } from '../../diagnostics/catalogue/data.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { findHostFunction, functions } from '../../sources/registry.js'
import { formatType } from '../../graph/types.js'
import { type ColumnParameter, type ColumnType, taken } from '../../sources/source.js'
import type { Expression } from '../1-parse/syntax.js'
import { bindArguments, missingArgument } from './arguments.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { pluginSetting } from './plugin-setting.js'

/** A value of one row, and of which type it is. */
export interface RowValue {
  readonly value: HostExpression
  readonly type: ColumnType
  /** What of it draws, so that it differs from epoch to epoch. */
  readonly draws?: string | undefined
}

/** What names stand for in a `data` block: columns, and `let`s over them. */
export type RowScope = ReadonlyMap<string, RowValue>

/** A column, a `let`, or a host function of such with static settings. */
export function hostExpression(x: Elaboration, e: Expression, scope: RowScope, env: Environment): RowValue {
  if (e.kind === 'name') return scope.get(e.name) ?? fail(unknownColumn(e.name, e.span, scope))
  if (e.kind === 'call' && e.callee.kind === 'name') return hostCall(x, e, e.callee, scope, env)
  if (e.kind === 'call' && e.callee.kind === 'field') return memberCall(x, e, e.callee, scope, env)
  return fail(
    badField(e.span, {
      message: 'a field is a column of the source or a host function of one',
      help: 'compute the rest in a `let` of the pipeline',
    }),
  )
}

export function unknownColumn(name: string, span: Span, scope: RowScope): ReturnType<typeof badField> {
  const known = [...scope.keys()]
  const suggestion = closest(name, known)
  const help =
    suggestion === undefined
      ? `it has ${known.map((k) => `\`${k}\``).join(', ')}`
      : `did you mean \`${suggestion}\`?`
  return badField(span, { message: `the source has no column \`${name}\``, help, suggestion })
}

/** A function of a model that has a form for rows: `clip.tokenize(caption)`. */
function memberCall(
  x: Elaboration,
  e: Expression & { readonly kind: 'call' },
  member: Expression & { readonly kind: 'field' },
  scope: RowScope,
  env: Environment,
): RowValue {
  const { object } = member
  if (object.kind === 'name' && !env.get(object.name))
    return fail(
      badField(object.span, {
        message: `there is no model \`${object.name}\``,
        help: `declare it, or name a directory: \`tokenize(${[...scope.keys()][0] ?? 'caption'}, tokenizer = "...", length = 77)\``,
      }),
    )
  const value = evaluate(x, member, env)
  const definition = value.kind === 'special' ? value.definition : undefined
  const of = definition?.ofRows?.(x, member.span)
  const fn = of && findHostFunction(of.function)
  const column = fn?.parameters.find((p) => p.kind === 'column')
  if (!definition || !of || !fn || column?.kind !== 'column')
    return fail(
      badField(member.span, {
        message: `\`${member.name.text}\` is no function of rows`,
        help: 'of a model that is `tokenize`; compute the rest in a `let` of the pipeline',
      }),
    )
  const callee = definition.name
  const names = [column.name]
  const argument =
    bindArguments(x, callee, names, e.arguments).get(column.name) ??
    missingArgument(callee, column.name, names, e.span)
  const given = hostExpression(x, argument.value, scope, env)
  checkColumn(column, given.type, callee, argument.value.span)
  const args: Record<string, HostExpression> = { [column.name]: given.value }
  for (const [name, setting] of Object.entries(of.settings)) args[name] = { kind: 'literal', value: setting }
  return {
    value: { kind: 'call', function: fn.name, arguments: args },
    type: fn.type({ [column.name]: given.type }, of.settings),
  }
}

export function hostCall(
  x: Elaboration,
  e: Expression & { readonly kind: 'call' },
  { name: callee, span }: Expression & { readonly kind: 'name' },
  scope: RowScope,
  env: Environment,
): RowValue {
  const fn = findHostFunction(callee)
  if (!fn) {
    const known = functions.map((f) => f.name)
    const suggestion = closest(callee, known)
    return fail(
      badField(span, {
        message: `there is no host function \`${callee}\``,
        help:
          suggestion === undefined
            ? `there are ${known.map((k) => `\`${k}\``).join(', ')}`
            : `did you mean \`${suggestion}\`?`,
        suggestion,
      }),
    )
  }
  const names = fn.parameters.map((p) => p.name)
  const args: Record<string, HostExpression> = {}
  const types: Record<string, ColumnType> = {}
  const settings: Record<string, Json> = {}
  let draws = fn.draws && callee
  const bound = bindArguments(x, callee, names, e.arguments)
  // those that are given, as they are written, stand before those that are not
  const order = [...bound.keys(), ...names]
  const ordered = fn.parameters.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  x.mistakes.each(ordered, (parameter) => {
    const { name, default: absent } = parameter
    const given = bound.get(name)?.value
    if (given && parameter.kind === 'column') {
      const column = hostExpression(x, given, scope, env)
      checkColumn(parameter, column.type, callee, given.span)
      if (fn.keeps && column.draws !== undefined) fail(keptDraws(given.span, { callee, draws: column.draws }))
      draws ??= column.draws
      args[name] = column.value
      types[name] = column.type
    } else if (given && parameter.kind !== 'column') {
      settings[name] = pluginSetting(x, parameter, evaluate(x, given, env), given.span, callee)
      args[name] = { kind: 'literal', value: settings[name] }
    } else if (absent === undefined) missingArgument(callee, name, names, e.span)
    else {
      settings[name] = absent
      args[name] = { kind: 'literal', value: absent }
    }
  })
  return { value: { kind: 'call', function: callee, arguments: args }, type: fn.type(types, settings), draws }
}

/** Whether a function can use what it is given. */
function checkColumn({ name, takes }: ColumnParameter, type: ColumnType, callee: string, span: Span): void {
  if (type.kind === taken[takes]) return
  const got = type.kind === 'tensor' ? formatType(type) : type.kind === 'string' ? 'text' : 'a picture'
  const wanted = takes === 'picture' ? 'a picture' : takes
  fail(wrongType(span, { wanted, got, where: `\`${name}\` of \`${callee}\`` }))
}
