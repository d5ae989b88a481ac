import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { type Tensor, elementCount, isFloat } from '../../src/graph/types.js'
import { operators } from '../../src/ops/registry.js'
import { SampleRandom } from '../../src/ops/sample.js'

export interface RandomGraph {
  readonly b: Builder
  /** A scalar. */
  readonly loss: Value
  /** The float inputs of the graph with a value for each. */
  readonly inputs: ReadonlyMap<Value, Tensor>
  readonly graph: Graph
}

const differentiable = operators.filter((op) => op.derivative.kind === 'rule' && op.domain !== 'dcrc')

/**
 * A random graph of `length` operators, each called as its own samples call it, so in its domain and away from
 * kinks. What flows between them is bent to the shape wanted and squashed into a small change of the sampled value.
 */
export function randomGraph(seed: number, length: number): RandomGraph {
  const random = new SampleRandom(seed)
  const b = new Builder()
  const inputs = new Map<Value, Tensor>()
  const made: Value[] = []
  const unread = new Set<Value>()

  const input = (tensor: Tensor): Value => {
    const value = b.input(`x${inputs.size}`, { dtype: tensor.dtype, shape: tensor.shape })
    inputs.set(value, tensor)
    return value
  }
  const operand = (tensor: Tensor | null, constant: boolean): Value | null => {
    if (!tensor) return null
    if (constant || !isFloat(tensor.dtype)) return b.constant(tensor)
    const base = random.bool(0.5) ? input(tensor) : b.constant(tensor)
    if (made.length === 0 || random.bool(0.2)) return base
    const source = random.pick(made)
    unread.delete(source)
    const change = b.scale(b.op('Tanh', [bend(b, b.cast(source, tensor.dtype), tensor.shape)]), 0.003)
    return b.add(base, change)
  }

  for (let i = 0; i < length; i++) {
    const op = random.pick(differentiable)
    const sample = op.sample(random)
    const operands = sample.inputs.map((t, k) => operand(t, sample.constant?.includes(k) ?? false))
    for (const value of b.node(op.name, operands, sample.attributes)) {
      if (!isFloat(value.type.dtype) || elementCount(value.type.shape) === 0) continue
      made.push(value)
      unread.add(value)
    }
  }
  const loss = [...unread]
    .map((value) => {
      const weighted = b.mul(value, b.constant(random.tensor(value.type.shape, { dtype: value.type.dtype })))
      return b.cast(
        b.sum(
          weighted,
          value.type.shape.map((_, axis) => axis),
        ),
        'f32',
      )
    })
    .reduce((sum, term) => b.add(sum, term), input(random.tensor([])))
  return { b, loss, inputs, graph: b.finish('random', [{ name: 'loss', value: loss }]) }
}

/** The value under another shape: its first elements, or its mean everywhere where it has too few. */
function bend(b: Builder, x: Value, shape: readonly number[]): Value {
  const [have, want] = [elementCount(x.type.shape), elementCount(shape)]
  if (have < want)
    return b.expand(
      b.mean(
        x,
        x.type.shape.map((_, axis) => axis),
      ),
      shape,
    )
  const flat = b.reshape(x, [have])
  return b.reshape(have === want ? flat : b.slice(flat, 0, 0, want), shape)
}
