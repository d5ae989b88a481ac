import type { Span } from '../../diagnostics/diagnostic.js'
import { type Node, type Value, bodies } from '../../graph/graph.js'
import type { Builder } from '../../graph/builder.js'
import { formatType } from '../../graph/types.js'
import type { GivenArguments } from './arguments.js'
import type { Environment } from './environment.js'
import type { FunctionVal, Val } from './values.js'

/** What a call of a function made: nodes that read its operands, and the value it gave. */
interface Recording {
  readonly operands: readonly Value[]
  readonly nodes: readonly Node[]
  readonly result: Value
}

/**
 * A function of a module instance sees its arguments and the instance, nothing else: operands of the same types make
 * the same nodes. The nodes of its first call are kept, and copied for the next one like it. What draws, or holds a
 * nested graph, is evaluated anew, as is a call with an argument that is no tensor.
 */
export class Replay {
  /** `spend` counts copied nodes as work. */
  constructor(private readonly spend: (nodes: number, span: Span) => void) {}

  private readonly recordings = new WeakMap<Environment, Map<string, Recording | null>>()

  /** The value of the call, from an earlier one like it if there was any. `effects` counts what is no node. */
  call(b: Builder, fn: FunctionVal, given: GivenArguments, effects: () => number, run: () => Val): Val {
    const operands: Value[] = []
    let key = fn.declaration.name.text
    for (const { value, name } of given.list) {
      // what is made of a constant may be folded while it is built
      if (value.kind !== 'tensor' || value.value.source.kind === 'constant') return run()
      const first = operands.indexOf(value.value)
      operands.push(value.value)
      key += ` ${name?.text ?? ''} ${first} ${formatType(value.value.type)}`
    }
    const known = this.recordings.get(fn.environment) ?? new Map<string, Recording | null>()
    this.recordings.set(fn.environment, known)
    const earlier = known.get(key)
    if (earlier) {
      this.spend(earlier.nodes.length, given.span)
      return { kind: 'tensor', value: copy(b, earlier, operands) }
    }
    if (earlier === null) return run()
    const [start, before] = [b.nodeCount, effects()]
    const result = run()
    const nodes = b.nodesFrom(start)
    const repeats =
      result.kind === 'tensor' && effects() === before && nodes.every((node) => bodies(node).length === 0)
    known.set(key, repeats ? { operands, nodes, result: result.value } : null)
    return result
  }
}

function copy(b: Builder, { operands, nodes, result }: Recording, now: readonly Value[]): Value {
  const values = new Map<Value, Value>(operands.map((old, k) => [old, now[k] ?? old]))
  const stands = (v: Value): Value => values.get(v) ?? v
  const { span } = b
  for (const node of nodes) {
    b.span = node.span
    const outputs = b.copy(
      node,
      node.inputs.map((v) => v && stands(v)),
    )
    node.outputs.forEach((v, k) => values.set(v, outputs[k] ?? v))
  }
  b.span = span
  return stands(result)
}
