import { badPairs, coupledRows, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { type Node, type Value, producer } from '../../graph/graph.js'
import { formatType } from '../../graph/types.js'
import type { RowAxis } from '../../ops/operator.js'
import { operator } from '../../ops/registry.js'
import type { Expression } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
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
  const result = evaluate(x, e.value, inner)
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

/** Follows the row axis from the expanded values to the result; an operator that mixes rows is an error. */
function proveRowwise(result: Value, expanded: ReadonlySet<Value>, count: number, span: Span): void {
  const axes = new Map<Value, RowAxis>()
  for (const value of expanded) axes.set(value, 0)
  const axisOf = (root: Value): RowAxis => {
    // an explicit stack: deep networks have thousands of nodes in a chain
    const stack: Value[] = [root]
    for (;;) {
      const value = stack[stack.length - 1]
      if (!value) break
      const node = producer(value)
      if (axes.has(value) || !node) {
        if (!axes.has(value)) axes.set(value, null)
        stack.pop()
        continue
      }
      const waiting = node.inputs.filter((v): v is Value => v !== null && !axes.has(v))
      if (waiting.length > 0) stack.push(...waiting)
      else {
        follow(node, axes, count, span)
        stack.pop()
      }
    }
    return axes.get(root) ?? null
  }
  if (axisOf(result) !== 0) fail(coupledRows(span, { operator: 'the result', at: span }))
}

function follow(node: Node, axes: Map<Value, RowAxis>, count: number, span: Span): void {
  const rows = node.inputs.map((v) => (v ? (axes.get(v) ?? null) : null))
  if (rows.every((r) => r === null)) {
    for (const output of node.outputs) axes.set(output, null)
    return
  }
  const outputs = operator(node.op).rows(
    rows,
    node.inputs,
    node.outputs.map((v) => v.type),
    node.attributes,
    count,
  )
  node.outputs.forEach((value, k) => {
    const axis = outputs[k] ?? null
    if (axis === 'coupled') return fail(coupledRows(span, { operator: node.op, at: node.span ?? span }))
    axes.set(value, axis)
  })
}
