import type { RowPlan } from '../../artefact/data.js'
import { badMix, badRange } from '../../diagnostics/catalogue/data.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { type OperationName, type RowOperation, otherColumn } from '../../sources/operations.js'
import { amountOf } from '../1-parse/units.js'
import type { Argument, Expression } from '../1-parse/syntax.js'
import { missingArgument } from './arguments.js'
import { fail } from './elaboration.js'
import { evaluate } from './evaluate.js'
import type { RowScope, RowValue } from './host-expression.js'
import { rowCondition, rowScalar } from './row-condition.js'
import { type Given, mixed } from './row-mix.js'
import { type RowContext, type TakenRows, inlined } from './taken-rows.js'
import { type Val, describe } from './values.js'

type Call = Expression & { readonly kind: 'call' }

/** The rows of `part(...)`, `limit(...)`, `where(...)`, `pairs(...)` and `mix(...)`. */
export function operated(operation: RowOperation, call: Call, c: RowContext): TakenRows {
  const given = argumentsOf(operation, call)
  const expression = (name: string): Expression | undefined => given.get(name)?.value
  const env = c.environment(call.span.file)
  const value = (name: string): Given | undefined => {
    const e = expression(name)
    return e && { value: evaluate(c.x, e, env), span: e.span }
  }
  const name = operation.name as OperationName
  if (name === 'mix') return mixed(expression('data'), value('weights'), call.span, c)
  const of = c.rows(expression('data'), call.span)
  const map = (plan: (rows: RowPlan, part: TakenRows['parts'][number]) => RowPlan): TakenRows => ({
    ...of,
    parts: of.parts.map((part) => ({ ...part, rows: plan(part.rows, part) })),
  })
  switch (name) {
    case 'pairs': {
      const given = value('seed')
      const seed = given ? intOf(given.value, given.span, '`seed` of `pairs`') : 0
      return { ...map((rows) => ({ kind: 'pairs', of: rows, seed })), scope: paired(of, call.span) }
    }
    case 'part': {
      const [from, to] = rangeOf(value('range'), call.span)
      const column = expression('by')
      const by = column && rowScalar(c.x, column, of.scope, env)
      const seed = value('seed')
      const number = seed ? intOf(seed.value, seed.span, '`seed` of `part`') : 0
      return map((rows, part) => ({
        kind: 'part',
        of: rows,
        from,
        to,
        by: by ? inlined(by, part.lets) : null,
        seed: number,
      }))
    }
    case 'where': {
      const condition = expression('condition')
      if (!condition) throw new Error('unreachable: the condition was asked for')
      const made = rowCondition(c.x, condition, of.scope, env)
      return map((rows, part) => ({ kind: 'where', of: rows, condition: inlined(made, part.lets) }))
    }
    case 'limit': {
      const given = value('count')
      const count = given ? intOf(given.value, given.span, '`count` of `limit`', 1) : 1
      const counts = limits(of, count, call.span)
      return map((rows, { group }) => ({ kind: 'limit', of: rows, count: counts[group] ?? count }))
    }
  }
}

/** The columns of rows, and those of the ones that stand beside them. */
function paired({ parts, scope }: TakenRows, span: Span): RowScope {
  if (parts.length > 1)
    return fail(
      badMix(span, { message: '`pairs` of a mix', help: 'mix pairs instead: `mix([pairs(a), pairs(b)])`' }),
    )
  const columns = [...scope].flatMap(([name, { value, ...row }]): [string, RowValue][] =>
    value.kind === 'column'
      ? [[otherColumn(name), { ...row, value: { kind: 'column', name: otherColumn(value.name) } }]]
      : [],
  )
  const taken = columns.find(([name]) => scope.has(name))
  if (taken)
    return fail(
      badMix(span, {
        message: `\`pairs\` of rows that have a column \`${taken[0]}\` already`,
        help: 'give that column another name',
      }),
    )
  return new Map([...scope, ...columns])
}

function intOf(value: Val, span: Span, where: string, least = -Infinity): number {
  if (value.kind === 'int' && value.value >= least) return value.value
  const wanted = least === 1 ? 'an int of at least 1' : 'an int'
  return fail(wrongType(span, { wanted, got: describe(value), where }))
}

function rangeOf(given: Given | undefined, span: Span): [number, number] {
  const at = given?.span ?? span
  const ends = given?.value.kind === 'tuple' ? given.value.items : []
  const [from, to] = ends.map((end) =>
    end.kind === 'quantity' && end.unit === '%' ? amountOf(end) : undefined,
  )
  if (from === undefined || to === undefined)
    return fail(
      wrongType(at, {
        wanted: 'a range of shares such as `0%..80%`',
        got: given ? describe(given.value) : 'nothing',
        where: '`range` of `part`',
      }),
    )
  if (from < 0 || to > 1 || from >= to) return fail(badRange(at, { from, to }))
  return [from, to]
}

/** How many rows each group of so many in all gives: its share, the rest where most is lost by rounding down. */
function limits({ parts, weights }: TakenRows, count: number, span: Span): readonly number[] {
  if (parts.length > weights.length)
    return fail(
      badMix(span, {
        message: '`limit` of a mix without weights does not know how many rows each part has',
        help: 'limit what it mixes, or give the mix `weights`',
      }),
    )
  const sum = weights.reduce((a, b) => a + b, 0)
  const exact = weights.map((weight) => (count * weight) / sum)
  const whole = exact.map(Math.floor)
  const rest = count - whole.reduce((a, b) => a + b, 0)
  const order = exact
    .map((value, k) => ({ k, lost: value - Math.floor(value) }))
    .sort((a, b) => b.lost - a.lost)
  for (const { k } of order.slice(0, rest)) whole[k] = (whole[k] ?? 0) + 1
  if (whole.some((n, k) => n === 0 && weights[k] !== 0))
    return fail(
      badMix(span, { message: `${count} rows are too few to give each part its share`, help: 'take more' }),
    )
  return whole.map((n) => Math.max(1, n))
}

/** Arguments of an operation by parameter, as they are written. */
function argumentsOf({ name, parameters }: RowOperation, call: Call): ReadonlyMap<string, Argument> {
  const names = parameters.map((p) => p.name)
  const given = new Map<string, Argument>()
  call.arguments.forEach((a, place) => {
    const target = a.name?.text ?? names[place]
    if (target === undefined || !names.includes(target) || given.has(target)) {
      const help = `it is \`${name}(${names.join(', ')})\``
      const problem = target !== undefined && given.has(target) ? 'is given twice' : 'is no parameter of it'
      fail(
        badMix(a.name?.span ?? a.span, {
          message: `\`${name}\`: \`${target ?? place + 1}\` ${problem}`,
          help,
        }),
      )
    } else given.set(target, a)
  })
  for (const { name: parameter, default: absent } of parameters)
    if (absent === undefined && !given.has(parameter)) missingArgument(name, parameter, names, call.span)
  return given
}
