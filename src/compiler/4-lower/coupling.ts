import { coupledAccumulation, noData } from '../../diagnostics/catalogue/stage.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import type { Graph, Value } from '../../graph/graph.js'
import { lossOf, roleOf } from '../../graph/roles.js'
import type { Operator, RowAxis } from '../../ops/operator.js'
import { operator } from '../../ops/registry.js'

/**
 * Warns where a stage's loss depends on no data and no draw, and where `accumulate` splits a batch whose rows the
 * loss couples. A mean or sum over rows couples nothing that matters: micro-batches add up to it.
 */
export function checkCoupling(
  graph: Graph,
  stage: { stage: string; accumulate: number; span: Span },
  diagnostics: Diagnostics,
): void {
  const { fed, used } = readBy(graph)
  if (fed.length === 0) diagnostics.add(noData(stage.span, { stage: stage.stage }))
  if (stage.accumulate === 1) return
  const coupling = couplingOf(graph, fed, used)
  if (coupling) diagnostics.add(coupledAccumulation(stage.span, { ...stage, ...coupling }))
}

/** What the loss of a graph reads: of its inputs, and of all its values. */
function readBy(graph: Graph): { readonly fed: readonly Value[]; readonly used: ReadonlySet<Value> } {
  const loss = lossOf(graph)
  const used = new Set<Value>(loss ? [loss] : [])
  const isUsed = (value: Value): boolean => used.has(value)
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]
    if (node?.outputs.some(isUsed) === true) for (const v of node.inputs) if (v) used.add(v)
  }
  return { fed: graph.inputs.filter(isUsed), used }
}

/** Whether the loss of a graph is another than the mean of the losses of its samples. */
export function isCoupled(graph: Graph): boolean {
  const { fed, used } = readBy(graph)
  return couplingOf(graph, fed, used) !== undefined
}

/** The operator that mixes the rows of a batch, and how many rows there are. */
function couplingOf(
  graph: Graph,
  fed: readonly Value[],
  used: ReadonlySet<Value>,
): { readonly operator: string; readonly rows: number } | undefined {
  const batch = fed.find((v) => roleOf(v)?.kind === 'batch')
  const rows = batch?.type.shape[0]
  if (rows === undefined) return undefined
  // Each row has entries of its own in a mask of dropout, and none in the two words that it is made of.
  const dropouts = graph.nodes.filter((node) => node.op === 'DropoutMask')
  const masks = dropouts.flatMap((node) => node.outputs)
  const words = new Set(dropouts.flatMap((node) => node.inputs))
  const rowed = [...fed.filter((v) => !words.has(v)), ...masks].filter((v) => v.type.shape[0] === rows)
  const mixes = firstCoupling(graph, used, new Set(rowed), rows)
  return mixes === undefined ? undefined : { operator: mixes, rows }
}

/** What it makes of all rows is the sum, or the mean, of what it makes of parts of them. */
const addsUp = ({ reduces }: Operator): boolean => reduces === 'sum' || reduces === 'mean'

function firstCoupling(
  graph: Graph,
  used: ReadonlySet<Value>,
  rowed: ReadonlySet<Value>,
  count: number,
): string | undefined {
  const axes = new Map<Value, RowAxis>()
  for (const value of rowed) axes.set(value, 0)
  for (const node of graph.nodes) {
    if (!node.outputs.some((v) => used.has(v))) continue
    const rows = node.inputs.map((v) => (v ? (axes.get(v) ?? null) : null))
    if (rows.every((r) => r === null)) continue
    const result = operator(node.op).rows(
      rows,
      node.inputs,
      node.outputs.map((v) => v.type),
      node.attributes,
      count,
    )
    for (const [k, value] of node.outputs.entries()) {
      const axis = result[k] ?? null
      if (axis !== 'coupled') axes.set(value, axis)
      else if (!addsUp(operator(node.op))) return node.op
    }
  }
  return undefined
}
