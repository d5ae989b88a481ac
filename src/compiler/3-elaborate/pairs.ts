import { badPairs, coupledRows, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Value } from '../../graph/graph.js'
import { formatType } from '../../graph/types.js'
import type { Expression, PairIndices } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { followRows } from './follow-rows.js'
import { type PairFrame, type Val, describe, tensorVal } from './values.js'

/**
 * `f(a[i], b[j]) for i in n, j in m`: f runs once on n * m rows, the last index fastest, and its result is folded to
 * [n, m, ...]. That this is f on each pair is proved from the operators' axis dependence.
 */
export function pairs(x: Elaboration, e: Expression & { kind: 'pairs' }, env: Environment): Val {
  const sizes = e.over.flatMap((indices) => sizesOf(x, indices, env))
  const count = sizes.reduce((product, n) => product * n, 1)
  const frame: PairFrame = { sizes, expanded: new Map() }
  const inner = new Environment(env)
  const names = e.over.flatMap((indices) => indices.names.map((name) => name.text))
  for (const [axis, name] of names.entries()) inner.set(name, { kind: 'row-index', pairs: frame, axis })
  const masks = x.masks.size
  const result = x.states.repeated('pairs', () => evaluate(x, e.value, inner))
  if (result.kind !== 'tensor')
    return fail(wrongType(e.value.span, { wanted: 'a tensor per pair', got: describe(result) }))
  if (frame.expanded.size === 0) {
    return fail(
      badPairs(e.value.span, {
        message: `nothing is indexed by ${names.map((name) => `\`${name}\``).join(' or ')}`,
        help: `write f(${names.map((name, k) => `${'abcdefgh'[k] ?? 'x'}[${name}]`).join(', ')})`,
      }),
    )
  }
  const [rows, ...rest] = result.value.type.shape
  if (rows !== count) {
    return fail(
      badPairs(e.value.span, {
        message: `the result has ${rows ?? 'no'} rows for ${count} pairs: ${formatType(result.value.type)}`,
      }),
    )
  }
  const dropped = [...x.masks].slice(masks).filter(({ type }) => (type.shape[0] ?? 0) % count === 0)
  proveRowwise(result.value, new Set([...frame.expanded.values(), ...dropped]), count, e)
  return tensorVal(x.build(e.span, (b) => b.reshape(result.value, [...sizes, ...rest])))
}

/** The number of rows of each index of `i, j in n`. */
function sizesOf(x: Elaboration, { names, count }: PairIndices, env: Environment): readonly number[] {
  const value = evaluate(x, count, env)
  if (value.kind === 'int' && value.value >= 1) return names.map(() => value.value)
  const help =
    value.kind === 'list'
      ? 'a list of a value for each item stands in brackets: `[f(x) for x in xs]`'
      : undefined
  return fail(wrongType(count.span, { wanted: 'a number of rows, at least 1', got: describe(value), help }))
}

/** `a[i]` inside: the rows of a, repeated for every pair that they are in. */
export function pairRows(x: Elaboration, value: Value, frame: PairFrame, axis: number, span: Span): Value {
  const [first, ...rest] = value.type.shape
  const { sizes } = frame
  const n = sizes[axis] ?? 1
  if (first !== n) {
    return fail(
      badPairs(span, {
        message: `only tensors with ${n} rows can be indexed here, this is ${formatType(value.type)}`,
        help: 'indices may have sizes of their own: `for i in n, j in m`',
      }),
    )
  }
  const key = `${value.id}/${axis}`
  const known = frame.expanded.get(key)
  if (known) return known
  const product = (numbers: readonly number[]): number => numbers.reduce((all, k) => all * k, 1)
  const [outer, within] = [product(sizes.slice(0, axis)), product(sizes.slice(axis + 1))]
  const expanded = x.build(span, (b) => {
    const thin = [...(outer > 1 ? [1] : []), n, ...(within > 1 ? [1] : [])]
    const wide = [...(outer > 1 ? [outer] : []), n, ...(within > 1 ? [within] : [])]
    // a value of its own where nothing is repeated: its rows are those of the pairs, the others' are not
    if (wide.length === 1) return b.op('Identity', [value])
    const repeated = b.expand(b.reshape(value, [...thin, ...rest]), [...wide, ...rest])
    return b.reshape(repeated, [outer * n * within, ...rest])
  })
  frame.expanded.set(key, expanded)
  return expanded
}

/** An operator that mixes rows is an error. */
function proveRowwise(
  result: Value,
  expanded: ReadonlySet<Value>,
  count: number,
  { value: { span }, over }: Expression & { kind: 'pairs' },
): void {
  const indices = over.flatMap(({ names }) => names.map((name) => name.text)).join(', ')
  const found = followRows(result, expanded, count)
  if ('coupling' in found) {
    const { op, span: at = span } = found.coupling
    return fail(coupledRows(span, { indices, operator: op, at }))
  }
  if (found.axis !== 0) fail(coupledRows(span, { indices, operator: 'the result', at: span }))
}
