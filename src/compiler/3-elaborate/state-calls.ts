import { assignedTwice, notAState, repeatedNext } from '../../diagnostics/catalogue/state.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Value } from '../../graph/graph.js'
import type { Identifier } from '../1-parse/syntax.js'
import type { Elaboration } from './elaboration.js'
import { fail } from './fail.js'
import type { Environment } from './environment.js'
import { asState } from './next-value.js'
import { joinPath } from './join-path.js'
import { type Instance, type Val, type Weight, tensorVal } from './values.js'

/** A call of a function of an instance that holds state, with all that its functions call on the way. */
interface Call {
  readonly instance: Instance
  readonly name: string
  readonly span: Span
  /** Counts calls as they are evaluated. */
  readonly number: number
  /** Where what is being evaluated stands among the declarations of the pipeline. */
  readonly order: number
  readonly read: Map<string, Value>
  readonly next: Map<string, { readonly value: Value; readonly span: Span }>
}

/**
 * The calls of instances with state. Which of them a step makes, and in which order, is known when its graph is cut out
 * of the whole (`4-lower/states.ts`): until then a state that is read is a `StateValue` of its call, and what a call gives
 * carries the next values as `NextState`.
 */
export class StateCalls {
  private readonly open: Call[] = []
  private count = 0
  /** Where the declaration that is being evaluated stands in its pipeline. */
  order = 0
  /** What repeats the calls in it, so that none of them may give a state its next value. */
  repeats: string | undefined

  constructor(private readonly x: Elaboration) {}

  /** Evaluates the declaration at a place of the pipeline. */
  at<T>(order: number, run: () => T): T {
    const { order: outer, repeats } = this
    this.order = order
    this.repeats = undefined
    try {
      return run()
    } finally {
      this.order = outer
      this.repeats = repeats
    }
  }

  /** Evaluates what `repeats` repeats. */
  repeated<T>(repeats: string, run: () => T): T {
    const { repeats: outer } = this
    this.repeats = repeats
    try {
      return run()
    } finally {
      this.repeats = outer
    }
  }

  /** A call of a function of an instance. One within another of the same instance is part of that one. */
  call(instance: Instance, name: string, span: Span, run: () => Val): Val {
    const stateful = [...instance.weights.values()].some(({ state }) => state)
    if (!stateful || this.open.some((c) => c.instance === instance)) return run()
    const call: Call = {
      instance,
      name,
      span,
      number: ++this.count,
      order: this.order,
      read: new Map(),
      next: new Map(),
    }
    this.open.push(call)
    try {
      const result = run()
      return call.next.size === 0 ? result : this.carrying(call, result)
    } finally {
      this.open.pop()
    }
  }

  /** A state as the call around finds it; outside of calls, as the step finds it. */
  value(instance: Instance, weight: Weight, leaf: Value): Value {
    const call = this.open.findLast((c) => c.instance === instance)
    if (!call) return leaf
    const known = call.read.get(weight.name)
    if (known && !this.x.isNested) return known
    const { number, order } = call
    const value = this.x.b.op('StateValue', [leaf], { call: number, order })
    if (!this.x.isNested) call.read.set(weight.name, value)
    return value
  }

  /** `next name = e` in a function. */
  next(name: Identifier, env: Environment, evaluate: () => Val, span: Span): void {
    const target = env.get(name.text)
    if (target?.kind !== 'weight' || !target.weight.state)
      return fail(notAState(name.span, { name: name.text, where: 'module' }))
    const { instance, weight } = target
    if (this.x.isFrozen(instance.place) || this.x.isAfterUpdate) return
    const call = this.open.findLast((c) => c.instance === instance)
    // in a function of a block that outlived the call in which it was made
    if (!call) return fail(notAState(name.span, { name: name.text, where: 'module' }))
    if (this.repeats !== undefined)
      return fail(
        repeatedNext(span, {
          state: name.text,
          module: instance.declaration.name.text,
          repeats: this.repeats,
          call: call.span,
        }),
      )
    const first = call.next.get(name.text)
    if (first) return fail(assignedTwice(span, { name: name.text, first: first.span }))
    const value = asState(this.x, evaluate(), weight, span)
    // no gradient enters a state, also where a later call of the step reads it
    call.next.set(name.text, { value: this.x.b.op('StopGradient', [value]), span })
  }

  /** What a call gave, so that whoever needs a tensor of it has the call made. */
  private carrying({ instance, span, number, order, next }: Call, result: Val): Val {
    const { place } = instance
    if (!place) throw new Error('a call of an instance without a place')
    const carried = (value: Value): Value =>
      this.x.build(span, (b) =>
        [...next].reduce((given, [name, { value: after }]) => {
          const state = { model: place.model, path: joinPath(place.path, name) }
          return b.op('NextState', [given, after], { ...state, call: number, order })
        }, value),
      )
    const walk = (v: Val): Val => {
      if (v.kind === 'tensor') return tensorVal(carried(v.value))
      if (v.kind === 'list' || v.kind === 'tuple') return { ...v, items: v.items.map(walk) }
      if (v.kind === 'record')
        return { ...v, fields: new Map([...v.fields].map(([name, field]) => [name, walk(field)])) }
      return v
    }
    return walk(result)
  }
}
