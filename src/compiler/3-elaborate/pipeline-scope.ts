import { circularName } from '../../diagnostics/catalogue/name.js'
import { notAState } from '../../diagnostics/catalogue/state.js'
import { notScalarLoss } from '../../diagnostics/catalogue/stage.js'
import { UserError } from '../../diagnostics/diagnostic.js'
import { formatType } from '../../graph/types.js'
import type { Expression, LetDeclaration, LossItem } from '../1-parse/syntax.js'
import type { Value } from '../../graph/graph.js'
import { patternNames } from '../1-parse/pattern-names.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { bind, evaluate } from './evaluate.js'
import type { Facts } from './facts.js'
import { asModel } from './model-sum.js'
import { asState } from './next-value.js'
import type { Statics } from './statics.js'
import { type Val, describe } from './values.js'

/** The next values of a state by their paths in it. */
export interface NextValue {
  readonly afterUpdate: boolean
  readonly values: readonly { readonly path: string; readonly value: Value }[]
}

/** A value, or what is wrong with it, which is told of everything that needs it. */
type Result = Val | UserError

/**
 * The names of a pipeline: a `let` is evaluated when something first needs it, once, or once for each stage if it
 * depends on the stage's facts.
 */
export class PipelineScope {
  private readonly environments = new Map<string, Environment>()
  /** What has the same value in every stage, and what depends on the facts of one. */
  private readonly shared = new Map<string, Result>()
  private readonly dependent = new WeakMap<Facts, Map<string, Result>>()
  private readonly evaluating: string[] = []
  private readonly orders = new Map<string, number>()

  constructor(
    readonly statics: Statics,
    readonly elaboration: Elaboration,
  ) {}

  /** The pipeline's names over those of the file that an item stands in. */
  environment(file: string): Environment {
    const known = this.environments.get(file)
    if (known) return known
    const environment = new Environment(this.statics.files.file(file), (name) => this.lookup(name))
    this.environments.set(file, environment)
    return environment
  }

  private lookup(name: string): Val | undefined {
    const known = this.known(name)
    if (known) return known
    const found = this.statics.pipeline.items.get(name)
    if (!found) return undefined
    const { item, file } = found
    switch (item.kind) {
      case 'param':
        return this.ofStage(name, this.statics.param(item, file))
      case 'model':
        return this.statics.model(item, file)
      case 'state': {
        const state = this.statics.state(item, file)
        return state.kind === 'instance'
          ? state
          : { kind: 'tensor', value: this.elaboration.parameter(name, name, state.weight) }
      }
      case 'adapter':
        return { kind: 'adapter', adapter: this.statics.adapter(item, file) }
      case 'data':
        this.statics.dataOf(item)
        return { kind: 'data', name }
      case 'fn': {
        const fn: Val = { kind: 'fn', declaration: item, environment: this.environment(file) }
        this.shared.set(name, fn)
        return fn
      }
      case 'let':
      case 'loss':
        this.evaluate(name, item, file)
        return this.known(name)
      case 'evaluate':
        return this.statics.files.file(file).get(name) ?? { kind: 'declaration', what: 'evaluation', name }
    }
  }

  /** A param by which data takes rows means those of all micro-batches where a stage takes them at once. */
  private ofStage(name: string, value: Val): Val {
    return value.kind === 'int' && this.statics.rowParams.has(name)
      ? { ...value, value: this.elaboration.times(value.value) }
      : value
  }

  private known(name: string): Val | undefined {
    const x = this.elaboration
    const shared = this.shared.get(name)
    const result = shared ?? this.dependent.get(x.present)?.get(name)
    if (result && !shared) x.dependent()
    if (result instanceof UserError) throw result
    return result
  }

  /** Where results belong that took so many reads of the facts. */
  private results(reads: number): Map<string, Result> {
    if (reads === 0) return this.shared
    const { present } = this.elaboration
    const results = this.dependent.get(present) ?? new Map<string, Result>()
    this.dependent.set(present, results)
    return results
  }

  private evaluate(name: string, item: LetDeclaration | LossItem, file: string): void {
    if (this.evaluating.includes(name))
      return this.circular(this.evaluating.slice(this.evaluating.indexOf(name)))
    const names = item.kind === 'loss' ? [item.name] : patternNames(item.pattern)
    const x = this.elaboration
    const before = x.factReads
    this.evaluating.push(name)
    try {
      const environment = new Environment(this.environment(file))
      const run = (): Val =>
        x.drawPath.root(names.map((n) => n.text).join('+'), () => evaluate(x, item.value, environment))
      const value = x.named(item.value.span, () => x.states.at(this.orderOf(name), run))
      const bound = new Environment()
      if (item.kind === 'loss') {
        this.scalar(value, item.value, `loss \`${name}\``)
        bound.set(name, value)
      } else bind(bound, item.pattern, value)
      const results = this.results(x.factReads - before)
      for (const { text } of names) {
        const part = bound.get(text)
        if (part) results.set(text, part)
      }
      this.statics.evaluated.add(item)
    } catch (error) {
      if (error instanceof UserError)
        for (const { text } of names) this.results(x.factReads - before).set(text, error)
      throw error
    } finally {
      this.evaluating.pop()
    }
  }

  /** The place of a declaration among all; what stages say comes behind them. */
  orderOf(name: string): number {
    if (this.orders.size === 0)
      [...this.statics.pipeline.items.keys()].forEach((n, k) => this.orders.set(n, k))
    return this.orders.get(name) ?? this.orders.size
  }

  /** The next value of a state, as the stage at hand sees it: of a copy, one for each of its parameters. */
  next(name: string): NextValue | undefined {
    const found = this.statics.pipeline.nexts.get(name)
    const state = this.statics.pipeline.items.get(name)
    if (!found) return undefined
    const { item, file } = found
    if (state?.item.kind !== 'state') return fail(notAState(item.name.span, { name, where: 'pipeline' }))
    const target = this.statics.state(state.item, state.file)
    const x = this.elaboration
    const afterUpdate = item.afterUpdate ?? false
    const evaluated = (): Val => evaluate(x, item.value, new Environment(this.environment(file)))
    const values = x.named(item.value.span, () =>
      x.states.at(this.orders.size, () =>
        x.next(name, afterUpdate, () => {
          const value = x.drawPath.root(`@next/${name}`, evaluated)
          return target.kind === 'instance'
            ? asModel(x, value, target, item.value.span)
            : [{ path: name, value: asState(x, value, target.weight, item.value.span) }]
        }),
      ),
    )
    this.statics.evaluated.add(item)
    return { afterUpdate, values }
  }

  /** A circle of names is told from the one declared first, wherever it was entered. */
  private circular(circle: readonly string[]): never {
    for (const [name, { item }] of this.statics.pipeline.items) {
      const at = circle.indexOf(name)
      if (at < 0 || (item.kind !== 'let' && item.kind !== 'loss')) continue
      const span = item.kind === 'loss' ? item.name.span : item.pattern.span
      return fail(circularName(span, { names: [...circle.slice(at), ...circle.slice(0, at), name] }))
    }
    throw new Error(`no declaration among ${circle.join(', ')}`)
  }

  /** A value that must be one float. */
  scalar(value: Val, e: Expression, what: string): Value {
    if (value.kind === 'tensor' && value.value.type.shape.length === 0 && value.value.type.dtype === 'f32')
      return value.value
    const type = value.kind === 'tensor' ? value.value.type : undefined
    const help = !type
      ? 'compute it from data and models'
      : type.dtype !== 'f32'
        ? '`cast(x, f32)` makes it a float'
        : '`mean(x)` or `sum(x)` gives a scalar'
    return fail(notScalarLoss(e.span, { what, got: type ? formatType(type) : describe(value), help }))
  }
}
