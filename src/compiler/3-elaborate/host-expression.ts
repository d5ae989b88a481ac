import type { HostExpression } from '../../artefact/data.js'
import type { Json } from '../../artefact/json.js'
import { badField } from '../../diagnostics/catalogue/data.js'
import { badArguments, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { findHostFunction, functions } from '../../sources/registry.js'
import { formatType } from '../../graph/types.js'
import { type ColumnParameter, type ColumnType, taken } from '../../sources/source.js'
import type { Expression } from '../1-parse/syntax.js'
import { missingArgument } from './arguments.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { pluginSetting } from './plugin-setting.js'

/** A value of one row, and of which type it is. */
export interface RowValue {
  readonly value: HostExpression
  readonly type: ColumnType
}

/** What names stand for in a `data` block: columns, and `let`s over them. */
export type RowScope = ReadonlyMap<string, RowValue>

/** A column, a `let`, or a host function of such with static settings. */
export function hostExpression(x: Elaboration, e: Expression, scope: RowScope, env: Environment): RowValue {
  if (e.kind === 'name') return scope.get(e.name) ?? fail(unknownColumn(e.name, e.span, scope))
  if (e.kind === 'call' && e.callee.kind === 'name') return hostCall(x, e, e.callee, scope, env)
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
        help: `there are ${known.map((k) => `\`${k}\``).join(', ')}`,
        suggestion,
      }),
    )
  }
  const names = fn.parameters.map((p) => p.name)
  const args: Record<string, HostExpression> = {}
  const types: Record<string, ColumnType> = {}
  const settings: Record<string, Json> = {}
  e.arguments.forEach((a, k) => {
    const name = a.name?.text ?? names[k]
    const parameter = fn.parameters.find((p) => p.name === name)
    if (name === undefined || !parameter) {
      return fail(
        badArguments(a.span, {
          message: `\`${callee}\` has no parameter \`${name ?? k + 1}\``,
          help: `it is \`${callee}(${names.join(', ')})\``,
        }),
      )
    }
    if (parameter.kind === 'column') {
      const column = hostExpression(x, a.value, scope, env)
      checkColumn(parameter, column.type, callee, a.value.span)
      args[name] = column.value
      types[name] = column.type
    } else {
      const value = evaluate(x, a.value, env)
      settings[name] = pluginSetting(x, parameter, value, a.value.span, callee)
      args[name] = { kind: 'literal', value: settings[name] }
    }
  })
  for (const p of fn.parameters) {
    if (args[p.name]) continue
    if (p.default === undefined) missingArgument(callee, p.name, names, e.span)
    else {
      settings[p.name] = p.default
      args[p.name] = { kind: 'literal', value: p.default }
    }
  }
  return { value: { kind: 'call', function: callee, arguments: args }, type: fn.type(types, settings) }
}

/** Whether a function can use what it is given. */
function checkColumn({ name, takes }: ColumnParameter, type: ColumnType, callee: string, span: Span): void {
  if (type.kind === taken[takes]) return
  const got = type.kind === 'tensor' ? formatType(type) : type.kind === 'string' ? 'text' : 'a picture'
  const wanted = takes === 'picture' ? 'a picture' : takes
  fail(wrongType(span, { wanted, got, where: `\`${name}\` of \`${callee}\`` }))
}
