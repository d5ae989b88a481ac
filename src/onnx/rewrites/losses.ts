import type { Value } from '../../graph/graph.js'
import { unsupported } from '../problem.js'
import type { Rewrite, RewriteContext } from './rewrite.js'

/** Of log probabilities [n, c, ...] those of the classes, with the opposite sign; weighted, left out and reduced. */
function likelihood(c: RewriteContext, logs: Value): Value {
  const { b } = c
  const [n = 1, , ...places] = logs.type.shape
  const given = c.input(1)
  const { dtype } = logs.type
  const left = c.has('ignore_index')
    ? b.op('Equal', [given, b.scalar(c.int('ignore_index', 0), given.type.dtype)])
    : null
  const classes = left ? b.where(left, b.scalar(0, given.type.dtype), given) : given
  const own = b.op('GatherElements', [logs, b.reshape(classes, [n, 1, ...places])], { axis: 1 })
  const losses = b.neg(b.reshape(own, [n, ...places]))
  const all = given.type.shape.map((_, axis) => axis)
  const table = c.optional(2)
  const chosen = table ? b.op('Gather', [table, classes], { axis: 0 }) : null
  const counted = left ? b.where(left, b.scalar(0, dtype), chosen ?? b.scalar(1, dtype)) : chosen
  const weighted = counted ? b.mul(losses, counted) : losses
  const reduction = c.text('reduction', 'mean')
  if (reduction === 'none') return weighted
  if (reduction === 'sum') return b.sum(weighted, all)
  if (reduction !== 'mean') return unsupported(`the reduction "${reduction}"`)
  return counted ? b.div(b.sum(weighted, all), b.sum(counted, all)) : b.mean(weighted, all)
}

export const losses: Readonly<Record<string, Rewrite>> = {
  NegativeLogLikelihoodLoss: (c) => [likelihood(c, c.input(0))],

  SoftmaxCrossEntropyLoss: (c) => {
    const logs = c.b.op('LogSoftmax', [c.input(0)], { axis: 1 })
    return [likelihood(c, logs), logs]
  },
}
