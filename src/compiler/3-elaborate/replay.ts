import type { Span } from '../../diagnostics/diagnostic.js'
import { type Node, type Value } from '../../graph/graph.js'
import type { Builder } from '../../graph/builder.js'
import { formatType } from '../../graph/types.js'
import type { AdaptedLayer } from './adapter.js'
import type { GivenArguments } from './arguments.js'
import { joinPath } from './join-path.js'
import type { Likeness } from './likeness.js'
import type { FunctionVal, Instance, Val, Weight } from './values.js'

/** What a call of a function made: nodes that read its operands and parameters, and the value it gave. */
interface Recording {
  /** Where the instance stands whose function it was. */
  readonly place: Instance['place']
  readonly operands: readonly Value[]
  readonly nodes: readonly Node[]
  readonly result: Value
}

export interface Surroundings {
  readonly parameter: (model: string, path: string, weight: Weight) => Value
  /** Counts copied nodes as work. */
  readonly spend: (nodes: number, span: Span) => void
}

/**
 * A function of a module instance sees its arguments and the instance, a function of a file its arguments alone:
 * operands of the same types make the same nodes, with the parameters of the instance at hand. The nodes of the first
 * call are kept, and copied for the next one like it. What draws, depends on the stage, or holds a nested graph is
 * evaluated anew.
 */
export class Replay {
  private readonly recordings = new Map<string, Recording | null>()
  private readonly below = new Set<string>()
  private layers = 0

  constructor(
    private readonly likeness: Likeness,
    private readonly adapted: ReadonlyMap<string, AdaptedLayer>,
    private readonly surroundings: Surroundings,
  ) {}

  /** The value of the call, from an earlier one like it if there was any. `effects` counts what is no node. */
  call(
    b: Builder,
    fn: FunctionVal,
    sees: Instance | 'file',
    given: GivenArguments,
    effects: () => number,
    run: () => Val,
  ): Val {
    const operands: Value[] = []
    const place = sees === 'file' ? undefined : sees.place
    let key = `${this.likeness.ofDeclaration(fn.declaration)} ${sees === 'file' ? '' : this.keyOf(sees)}`
    for (const { value, name } of given.list) {
      key += ` ${name?.text ?? ''}`
      if (value.kind === 'tensor') {
        // what is made of a constant may be folded while it is built
        if (value.value.source.kind === 'constant') return run()
        key += ` ${operands.indexOf(value.value)} ${formatType(value.value.type)}`
        operands.push(value.value)
      } else {
        const fixed = this.likeness.of(value)
        if (fixed === undefined) return run()
        key += ` ${fixed}`
      }
    }
    const earlier = this.recordings.get(key)
    if (earlier) {
      this.surroundings.spend(earlier.nodes.length, given.span)
      const parameter = this.parametersFor(sees, earlier.place)
      return { kind: 'tensor', value: copy(b, earlier, operands, parameter) }
    }
    if (earlier === null) return run()
    const [start, before] = [b.nodeCount, effects()]
    const result = run()
    const nodes = b.nodesFrom(start)
    const repeats =
      result.kind === 'tensor' && effects() === before && nodes.every((node) => node.bodies.length === 0)
    this.recordings.set(key, repeats ? { place, operands, nodes, result: result.value } : null)
    return result
  }

  /** Instances that are alike share their recordings, but for those with an adapter beside one of their weights. */
  private keyOf(instance: Instance): string {
    const { place, likeness } = instance
    const alone = (): string => this.likeness.of(instance) ?? ''
    if (!place || likeness === undefined) return alone()
    return this.hasAdapter(place) ? alone() : likeness
  }

  private hasAdapter({ model, path }: NonNullable<Instance['place']>): boolean {
    if (this.layers !== this.adapted.size) {
      this.layers = this.adapted.size
      for (const { weight } of this.adapted.values()) {
        const parts = weight.path.split('.')
        parts.forEach((_, k) => this.below.add(`${weight.model}/${parts.slice(0, k).join('.')}`))
      }
    }
    return this.below.has(`${model}/${path}`)
  }

  /** What stands for a parameter of the recorded instance in a call of another. */
  private parametersFor(
    sees: Instance | 'file',
    recorded: Instance['place'],
  ): ((value: Value) => Value) | undefined {
    if (sees === 'file' || !sees.place || !recorded) return undefined
    const { model, path } = sees.place
    if (recorded.model === model && recorded.path === path) return undefined
    const prefix = joinPath(recorded.path, '')
    return (value) => {
      const { source } = value
      if (source.kind !== 'parameter' || source.model !== recorded.model) return value
      if (!source.path.startsWith(prefix)) return value
      const rest = source.path.slice(prefix.length)
      return this.surroundings.parameter(model, joinPath(path, rest), weightAt(sees, rest.split('.')))
    }
  }
}

/** The parameter at a path below an instance. */
function weightAt(instance: Instance, path: readonly string[]): Weight {
  let at: Val | undefined = instance
  for (const [k, part] of path.entries()) {
    const weight = k === path.length - 1 && at?.kind === 'instance' ? at.weights.get(part) : undefined
    if (weight) return weight
    at =
      at?.kind === 'instance'
        ? at.children.get(part)
        : at?.kind === 'list'
          ? at.items[Number(part)]
          : undefined
  }
  throw new Error(`no parameter ${path.join('.')} in ${instance.declaration.name.text}`)
}

function copy(
  b: Builder,
  { operands, nodes, result }: Recording,
  now: readonly Value[],
  parameter: ((value: Value) => Value) | undefined,
): Value {
  const values = new Map<Value, Value>(operands.map((old, k) => [old, now[k] ?? old]))
  const stands = (v: Value): Value => values.get(v) ?? parameter?.(v) ?? v
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
