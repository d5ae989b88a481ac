import { gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type Tensor, isFloat } from '../../src/graph/types.js'
import type { Composite, Operator } from '../../src/ops/operator.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { type Call, addCall, lookup } from './calls.js'

export const graphOf = (b: Builder, values: readonly Value[]): Graph =>
  b.finish(
    'values',
    values.map((value, i) => ({ name: `${i}`, value })),
  )

/** Random weights for values, and the gradient of their weighted sum in each target; null where none flows. */
export function weightedGradients(
  b: Builder,
  seed: number,
  values: readonly Value[],
  targets: readonly Value[],
) {
  const random = new SampleRandom(seed)
  const weights = values.map((v) => random.tensor(v.type.shape, { dtype: v.type.dtype }))
  const starts = values.flatMap((value, i) => {
    const weight = weights[i]
    return weight ? [{ value, cotangent: b.constant(weight) }] : []
  })
  return { weights, found: gradients(b, starts, targets) }
}

/** A call, its float outputs weighted by random numbers, and the gradient of that sum in each fed input. */
export function differentiated(operator: Operator | Composite, seed: number) {
  const b = new Builder()
  const call = addCall(b, operator, seed)
  const outputs = call.outputs.filter((v) => isFloat(v.type.dtype))
  const forward = graphOf(b, outputs)
  const targets = [...call.fed.keys()]
  return { b, call, forward, targets, ...weightedGradients(b, seed + 1000, outputs, targets) }
}

export const valuesOf = (b: Builder, call: Pick<Call, 'fed'>, results: readonly Value[]): readonly Tensor[] =>
  interpret(graphOf(b, results), (v) => lookup(call.fed, v))
