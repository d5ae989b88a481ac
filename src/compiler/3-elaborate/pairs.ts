import { badPairs, coupledRows, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Value } from '../../graph/graph.js'
import { formatType } from '../../graph/types.js'
import type { Expression } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { followRows } from './follow-rows.js'
import { type PairFrame, type Val, describe, tensorVal } from './values.js'

/**
 * `f(a[i], b[j]) for i, j in n`: f runs once on n*n rows, i slow and j fast, and its result is folded to
 * [n, n, ...]. That this is f on each pair is proved from the operators' axis dependence.
 */
export function pairs(x: Elaboration, e: Expression & { kind: 'pairs' }, env: Environment): Val {
  const count = evaluate(x, e.count, env)
  if (count.kind !== 'int' || count.value < 1) {
    return fail(wrongType(e.count.span, { wanted: 'a number of rows, at least 1', got: describe(count) }))
  }
  const n = count.value
  const frame: PairFrame = { count: n, span: e.span, expanded: new Map() }
  const inner = new Environment(env)
  inner.set(e.row.text, { kind: 'row-index', pairs: frame, axis: 0 })
  inner.set(e.column.text, { kind: 'row-index', pairs: frame, axis: 1 })
  const masks = x.masks.size
  const result = x.states.repeated('pairs', () => evaluate(x, e.value, inner))
  if (result.kind !== 'tensor')
    return fail(wrongType(e.value.span, { wanted: 'a tensor per pair', got: describe(result) }))
  if (frame.expanded.size === 0) {
    const example = `f(a[${e.row.text}], b[${e.column.text}])`
    return fail(
      badPairs(e.value.span, {
        message: `nothing is indexed by \`${e.row.text}\` or \`${e.column.text}\``,
        help: `write ${example}`,
      }),
    )
  }
  const [rows, ...rest] = result.value.type.shape
  if (rows !== n * n) {
    return fail(
      badPairs(e.value.span, {
        message: `the result has ${rows ?? 'no'} rows for ${n * n} pairs: ${formatType(result.value.type)}`,
      }),
    )
  }
  const dropped = [...x.masks].slice(masks).filter(({ type }) => (type.shape[0] ?? 0) % (n * n) === 0)
  proveRowwise(result.value, new Set([...frame.expanded.values(), ...dropped]), n * n, e.value.span)
  return tensorVal(x.build(e.span, (b) => b.reshape(result.value, [n, n, ...rest])))
}

/** `a[i]` or `a[j]` inside: the rows of a, repeated to n*n. */
export function pairRows(x: Elaboration, value: Value, frame: PairFrame, axis: 0 | 1, span: Span): Value {
  const [first, ...rest] = value.type.shape
  const n = frame.count
  if (first !== n) {
    return fail(
      badPairs(span, {
        message: `only tensors with ${n} rows can be indexed here, this is ${formatType(value.type)}`,
      }),
    )
  }
  const key = `${value.id}/${axis}`
  const known = frame.expanded.get(key)
  if (known) return known
  const expanded = x.build(span, (b) => {
    const column = b.reshape(value, axis === 0 ? [n, 1, ...rest] : [1, n, ...rest])
    return b.reshape(b.expand(column, [n, n, ...rest]), [n * n, ...rest])
  })
  frame.expanded.set(key, expanded)
  return expanded
}

/** An operator that mixes rows is an error. */
function proveRowwise(result: Value, expanded: ReadonlySet<Value>, count: number, span: Span): void {
  const found = followRows(result, expanded, count)
  if ('coupling' in found)
    return fail(coupledRows(span, { operator: found.coupling.op, at: found.coupling.span ?? span }))
  if (found.axis !== 0) fail(coupledRows(span, { operator: 'the result', at: span }))
}
