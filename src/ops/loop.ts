import { type Graph, type Node, type Value, isGraph } from '../graph/graph.js'
import type { Attributes } from '../graph/graph.js'
import {
  elementCount,
  formatType,
  sameShape,
  scalar,
  tensor,
  type Tensor,
  type TensorType,
} from '../graph/types.js'
import { constantInts, given } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const loop: Operator = {
  name: 'Loop',
  domain: '',
  doc: 'Runs `body` a number of times (input 0, i64). Input 1 is absent, or true where nothing is carried; the others are carried: the body takes the iteration (i64), a condition (bool) and the carried values, and gives a condition, the next carried values, of the same types, and then values of which the Loop gives those of all iterations, stacked along a new first axis; their number must be a constant. It may use values of the graph around it.',
  infer(inputs, attributes) {
    const { inputs: takes, outputs: gives } = bodyOf(attributes)
    const carried = inputs.slice(2).map((_, k) => given(inputs, k + 2).type)
    if (takes.length !== carried.length + 2 || gives.length <= carried.length)
      throw new Error('Loop: the body does not fit')
    for (const [k, type] of carried.entries()) {
      const next = gives[k + 1]?.value.type
      if (!next || next.dtype !== type.dtype || !sameShape(next.shape, type.shape)) {
        throw new TypeMismatch(
          `iterate wants a function that keeps the type: it takes ${formatType(type)} and gives ${next ? formatType(next) : 'nothing'}`,
        )
      }
    }
    const stacked = gives.slice(carried.length + 1)
    if (stacked.length === 0) return carried
    const [trips] = constantInts(given(inputs, 0))
    return [
      ...carried,
      ...stacked.map(({ value: { type } }) => ({ dtype: type.dtype, shape: [trips ?? 0, ...type.shape] })),
    ]
  },
  value(inputs, attributes, scope) {
    if (!scope) throw new Error('Loop needs a scope to run its body')
    const trips = given(inputs, 0).data[0] ?? 0
    const body = bodyOf(attributes)
    const count = inputs.length - 2
    let carried = inputs.slice(2).map((_, k) => given(inputs, k + 2))
    let go = scalar(1, 'bool')
    const stacked: Tensor[][] = body.outputs.slice(count + 1).map(() => [])
    for (let k = 0; k < trips && go.data[0] === 1; k++) {
      const [next, ...rest] = scope.run(body, [scalar(k, 'i64'), go, ...carried])
      if (!next) throw new Error('Loop: the body gives no condition')
      go = next
      carried = rest.slice(0, count)
      stacked.forEach((values, i) => values.push(given(rest, count + i)))
    }
    return [...carried, ...stacked.map((values, i) => stack(values, body.outputs[count + 1 + i]?.value.type))]
  },
  derivative: { kind: 'none', reason: 'no gradient is defined through `iterate`' },
  narrow: 'none',
  /** Nothing of its own: the operators of its body count, once per iteration. */
  flops: () => 0,
  rows: (rows, _, outputs, attributes) => {
    const free = rows.every((row) => row === null) && capturesNothing(bodyOf(attributes))
    return outputs.map(() => (free ? null : 'coupled'))
  },
  sample(random) {
    const x = random.tensor(random.shape(0, 2))
    return {
      inputs: [scalar(random.int(0, 4), 'i64'), null, x],
      attributes: { body: sampleBody(x, random.bool()) },
    }
  },
}
export default loop

function bodyOf(attributes: Attributes): Graph {
  const body = attributes['body']
  if (body === undefined || !isGraph(body)) throw new Error('Loop has no body')
  return body
}

/** Tensors of one type along a new first axis. */
function stack(parts: readonly Tensor[], type: TensorType | undefined): Tensor {
  const { dtype, shape }: TensorType = type ?? { dtype: 'f32', shape: [] }
  const size = elementCount(shape)
  const data = new Float64Array(parts.length * size)
  parts.forEach((part, k) => data.set(part.data, k * size))
  return tensor(dtype, [parts.length, ...shape], data)
}

/** True when a body computes from its own inputs and constants alone. */
function capturesNothing(body: Graph): boolean {
  const own = new Set<Value>([...body.inputs, ...body.nodes.flatMap((n) => n.outputs)])
  const used = [...body.nodes.flatMap((n) => n.inputs), ...body.outputs.map((o) => o.value)]
  return used.every((v) => v === null || own.has(v) || v.source.kind === 'constant')
}

/** x -> tanh(x) + k * k, and all the tanh(x) if asked for; built by hand: the builder depends on this folder. */
function sampleBody(x: Tensor, stacks: boolean): Graph {
  let id = 0
  const input = (name: string, type: TensorType): Value => ({
    id: id++,
    type,
    source: { kind: 'input', name },
  })
  const nodes: Node[] = []
  const node = (
    op: string,
    inputs: readonly Value[],
    type: TensorType,
    attributes: Attributes = {},
  ): Value => {
    const outputs: Value[] = []
    const made: Node = { id: id++, op, inputs, outputs, attributes, bodies: [] }
    const value: Value = { id: id++, type, source: { kind: 'node', node: made, output: 0 } }
    outputs.push(value)
    nodes.push(made)
    return value
  }
  const number: TensorType = { dtype: 'f32', shape: [] }
  const k = input('iteration', { dtype: 'i64', shape: [] })
  const condition = input('condition', { dtype: 'bool', shape: [] })
  const carried = input('x', { dtype: x.dtype, shape: x.shape })
  const squashed = node('Tanh', [carried], carried.type)
  const real = node('Cast', [k], number, { to: 'f32' })
  const next = node('Add', [squashed, node('Mul', [real, real], number)], carried.type)
  return {
    name: 'body',
    inputs: [k, condition, carried],
    nodes,
    outputs: [
      { name: 'condition_out', value: node('Identity', [condition], condition.type) },
      { name: 'x_out', value: next },
      ...(stacks ? [{ name: 'squashed', value: squashed }] : []),
    ],
  }
}
