import type { Json } from '../../artefact/json.js'
import { unknownSource } from '../../diagnostics/catalogue/data.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { findOperation, operations } from '../../sources/operations.js'
import { findSource, sources } from '../../sources/registry.js'
import type { Expression } from '../1-parse/syntax.js'
import { bindStatic, missingArgument } from './arguments.js'
import { fail } from './elaboration.js'
import { pluginSetting } from './plugin-setting.js'
import { operated } from './row-operations.js'
import type { RowContext, TakenRows } from './taken-rows.js'

/** The rows that the expression behind `data name =` stands for. */
export function rowsOf(e: Expression | undefined, span: Span, given: Omit<RowContext, 'rows'>): TakenRows {
  const c: RowContext = { ...given, rows: (inner, at) => rowsOf(inner, at, given) }
  if (e?.kind === 'name') return named(e.name, e.span, c)
  if (e?.kind === 'call' && e.callee.kind === 'name') {
    const operation = findOperation(e.callee.name)
    return operation ? operated(operation, e, c) : fromSource(e.callee.name, e.callee.span, e, c)
  }
  return fail(
    wrongType(e?.span ?? span, {
      wanted: 'a data source such as `mnist(split = "test")`, or rows of another declaration',
      got: 'something else',
      where: `data \`${c.name}\``,
    }),
  )
}

function named(name: string, span: Span, c: RowContext): TakenRows {
  const found = c.declared(name)
  if (found) return found
  const known = [...sources.map((s) => s.name), ...c.names]
  if (findSource(name))
    return fail(
      wrongType(span, {
        wanted: 'rows',
        got: `the source \`${name}\``,
        where: `data \`${c.name}\``,
        help: `call it: \`${name}(...)\``,
      }),
    )
  const suggestion = closest(name, known)
  return fail(unknownSource(span, { name, suggestion, known: c.names }))
}

function fromSource(
  name: string,
  span: Span,
  call: Expression & { readonly kind: 'call' },
  c: RowContext,
): TakenRows {
  const source = findSource(name)
  if (!source) {
    const known = [...sources.map((s) => s.name), ...operations.map((o) => o.name)]
    const suggestion = closest(name, [...known, ...c.names])
    return fail(unknownSource(span, { name, suggestion, known }))
  }
  const names = source.parameters.map((p) => p.name)
  const given = bindStatic(c.x, name, names, call.arguments, c.environment(call.span.file), call.span)
  const settings: Record<string, Json> = {}
  c.x.mistakes.each(source.parameters, (parameter) => {
    const argument = given.get(parameter.name)
    if (argument)
      settings[parameter.name] = pluginSetting(c.x, parameter, argument.value, argument.span, name)
    else if (parameter.default === undefined) missingArgument(name, parameter.name, names, call.span)
    else settings[parameter.name] = parameter.default
  })
  const columns = Object.entries(source.columns(settings))
  return {
    parts: [{ rows: { kind: 'source', source: name, arguments: settings }, group: 0, lets: [] }],
    weights: [1],
    scope: new Map(
      columns.map(([column, type]) => [column, { value: { kind: 'column', name: column }, type }]),
    ),
    fields: [],
  }
}
