import { circularName } from '../../diagnostics/catalogue/name.js'
import { notScalarLoss } from '../../diagnostics/catalogue/stage.js'
import { UserError } from '../../diagnostics/diagnostic.js'
import { formatType } from '../../graph/types.js'
import type { Expression, LetDeclaration, LossItem } from '../1-parse/syntax.js'
import type { Value } from '../../graph/graph.js'
import { patternNames } from '../2-resolve/flatten.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { bind, evaluate } from './evaluate.js'
import type { Statics } from './statics.js'
import { type Val, describe } from './values.js'

/**
 * The names of a pipeline in one elaboration: a `let` is evaluated when something first needs it, once. One whose value
 * holds nothing of the elaboration is evaluated once for all of them.
 */
export class PipelineScope {
  private readonly environments = new Map<string, Environment>()
  private readonly values = new Map<string, Val>()
  private readonly evaluating: string[] = []
  /** Told once, whatever else needs the value. */
  private readonly failures = new Map<LetDeclaration | LossItem, UserError>()

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
        return this.statics.param(item, file)
      case 'model':
        return this.statics.model(item, file)
      case 'data':
        this.statics.data(item, file)
        return { kind: 'data', name }
      case 'fn': {
        this.elaboration.touch()
        const fn: Val = { kind: 'fn', declaration: item, environment: this.environment(file) }
        this.values.set(name, fn)
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

  private known(name: string): Val | undefined {
    const shared = this.statics.values.get(name)
    if (shared) return shared
    const own = this.values.get(name)
    if (own) this.elaboration.touch()
    return own
  }

  private evaluate(name: string, item: LetDeclaration | LossItem, file: string): void {
    const failure = this.failures.get(item)
    if (failure) throw failure
    if (this.evaluating.includes(name)) {
      return fail(
        circularName(item.kind === 'loss' ? item.name.span : item.pattern.span, {
          names: [...this.evaluating.slice(this.evaluating.indexOf(name)), name],
        }),
      )
    }
    this.evaluating.push(name)
    try {
      const environment = new Environment(this.environment(file))
      const root =
        item.kind === 'loss'
          ? item.name.text
          : patternNames(item.pattern)
              .map((n) => n.text)
              .join('+')
      const x = this.elaboration
      const run = (): Val => x.drawPath.root(root, () => evaluate(x, item.value, environment))
      const { value, touched } = x.observe(() => x.named(item.value.span, run))
      const values = touched ? this.values : this.statics.values
      if (item.kind === 'loss') {
        this.scalar(value, item.value, `loss \`${name}\``)
        this.values.set(name, value)
        this.statics.evaluated.add(item)
        return
      }
      const bound = new Environment()
      bind(bound, item.pattern, value)
      for (const { text } of patternNames(item.pattern)) {
        const part = bound.get(text)
        if (part) values.set(text, part)
      }
      this.statics.evaluated.add(item)
    } catch (error) {
      if (error instanceof UserError) this.failures.set(item, error)
      throw error
    } finally {
      this.evaluating.pop()
    }
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
