import { describe, expect, it } from 'vitest'
import { gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type Tensor, isFloat } from '../../src/graph/types.js'
import { operators } from '../../src/ops/registry.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { alongDirection, dot } from './run.js'

const differentiable = operators.filter((op) => op.derivative.kind === 'rule' && op.domain !== 'dcrc')

describe('the derivative of a derivative', () => {
  it.each(differentiable)('of $name agrees with central differences of the first', (op) => {
    for (let seed = 0; seed < 6; seed++) {
      const random = new SampleRandom(seed)
      const sample = op.sample(random)
      const b = new Builder()
      b.span = { file: 'test.dcr', start: 0, end: 1 }
      const inputs = new Map<Value, Tensor>()
      const operands = sample.inputs.map((t, k) => {
        if (!t) return null
        if (!isFloat(t.dtype) || sample.constant?.includes(k)) return b.constant(t)
        const value = b.input(`x${k}`, { dtype: t.dtype, shape: t.shape })
        inputs.set(value, t)
        return value
      })
      const weighted = (values: readonly Value[]): Value =>
        values
          .filter((v) => isFloat(v.type.dtype))
          .map((v) =>
            b.cast(b.mul(v, b.constant(random.tensor(v.type.shape, { dtype: v.type.dtype }))), 'f32'),
          )
          .map((v) =>
            b.sum(
              v,
              v.type.shape.map((_, axis) => axis),
            ),
          )
          .reduce((sum, v) => b.add(sum, v))
      const targets = [...inputs.keys()]
      const outputs = b.node(op.name, operands, sample.attributes)
      if (!outputs.some((v) => isFloat(v.type.dtype))) continue
      const loss = weighted(outputs)
      const first = gradients(b, [{ value: loss }], targets).filter((g) => g !== null)
      if (first.length === 0) continue
      const projected = weighted(first)
      const second = gradients(b, [{ value: projected }], targets)

      const graph = b.finish('second', [{ name: 'projected', value: projected }])
      const backward = b.finish(
        'backward',
        second.flatMap((v, i) => (v ? [{ name: `d${i}`, value: v }] : [])),
      )
      const values = interpret(backward, (v) => inputs.get(v) as Tensor)
      const direction = new Map(
        [...inputs].map(([v, t]) => [v, random.tensor(t.shape, { low: -0.5, high: 0.5 })]),
      )
      const reached = targets.filter((_, i) => second[i])
      const terms = reached.map((t, i) => dot(values[i] as Tensor, direction.get(t) as Tensor))
      const expected = alongDirection(graph, inputs, direction)
      const scale = 1 + terms.reduce((sum, t) => sum + Math.abs(t), 0)
      expect(Math.abs(terms.reduce((sum, t) => sum + t, 0) - expected) / scale, `seed ${seed}`).toBeLessThan(
        1e-6,
      )
    }
  })
})
