import type { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { type Tensor, isFloat } from '../../src/graph/types.js'
import type { Composite, Operator, Sample } from '../../src/ops/operator.js'
import { SampleRandom } from '../../src/ops/sample.js'

/** How many sampled calls each operator is tested on. */
const sampleCount = 25

/** A sampled call of an operator as a node: which inputs are fed, and with what. */
export interface Call {
  readonly seed: number
  readonly sample: Sample
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly Value[]
  /** Values of the inputs that are fed; the others are constants. */
  readonly fed: ReadonlyMap<Value, Tensor>
}

/** Adds a sampled call to a graph. Float inputs are fed unless the sample names them as constants. */
export function addCall(b: Builder, operator: Operator | Composite, seed: number): Call {
  const sample = operator.sample(new SampleRandom(seed))
  const fed = new Map<Value, Tensor>()
  const inputs = sample.inputs.map((t, k) => {
    if (!t) return null
    if (!isFloat(t.dtype) || sample.constant?.includes(k)) return b.constant(t)
    const value = b.input(`x${seed}_${k}`, { dtype: t.dtype, shape: t.shape })
    fed.set(value, t)
    return value
  })
  return { seed, sample, inputs, outputs: b.node(operator.name, inputs, sample.attributes), fed }
}

export const seeds = Array.from({ length: sampleCount }, (_, seed) => seed)

/** The value that a map must hold. */
export function lookup(values: ReadonlyMap<Value, Tensor>, value: Value): Tensor {
  const found = values.get(value)
  if (!found) throw new Error(`no value for ${JSON.stringify(value.source.kind)} ${value.id}`)
  return found
}
