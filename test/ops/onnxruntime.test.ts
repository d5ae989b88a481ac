import { describe, expect, test } from 'vitest'
import { gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type Tensor, isFloat } from '../../src/graph/types.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { composites, operators } from '../../src/ops/registry.js'
import { addCall, lookup, seeds } from './calls.js'
import { relativeError } from './differences.js'
import { runOnOnnxruntime } from './onnxruntime.js'

const tolerance = 1e-5
/** Smaller results come from terms near 1 that cancel, as in the tails of Gelu: what is rounded are those. */
const smallest = 0.1

/** Types that cannot cross onnxruntime's boundary are shown as f32. */
const shown = (b: Builder, v: Value): Value =>
  v.type.dtype === 'f16' || v.type.dtype === 'bf16' ? b.cast(v, 'f32') : v

describe('onnxruntime in float32 agrees with the float64 value, forward and gradient', () => {
  for (const operator of [...operators, ...composites]) {
    if ('domain' in operator && operator.domain === 'dcrc') continue
    test(operator.name, async () => {
      const b = new Builder()
      const values = new Map<Value, Tensor>()
      const outputs: { name: string; value: Value }[] = []
      for (const seed of seeds) {
        const call = addCall(b, operator, seed)
        const random = new SampleRandom(seed + 1000)
        for (const [v, t] of call.fed) values.set(v, t)
        call.outputs.forEach((v, i) => outputs.push({ name: `seed ${seed} output ${i}`, value: shown(b, v) }))
        if ('derivative' in operator && operator.derivative.kind !== 'rule') continue
        const starts = call.outputs
          .filter((v) => isFloat(v.type.dtype))
          .map((value) => ({
            value,
            cotangent: b.constant(random.tensor(value.type.shape, { dtype: value.type.dtype })),
          }))
        gradients(b, starts, [...call.fed.keys()]).forEach((v, i) => {
          if (v) outputs.push({ name: `seed ${seed} gradient ${i}`, value: v })
        })
      }
      const graph = b.finish('calls', outputs)
      const reference = interpret(graph, (v) => lookup(values, v))
      const results = await runOnOnnxruntime(graph, values)
      expect(results.length).toBe(outputs.length)
      for (const [i, { name, value }] of outputs.entries()) {
        const [ours, theirs] = [reference[i], results[i]]
        expect(theirs?.shape, name).toEqual(value.type.shape)
        const error = relativeError(ours?.data ?? [], theirs?.data ?? [], smallest)
        if (isFloat(value.type.dtype)) expect(error, name).toBeLessThan(tolerance)
        else expect(error, name).toBe(0)
      }
    })
  }
})
