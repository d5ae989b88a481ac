import { type Diagnostic, type Label, type Span, UserError } from '../../diagnostics/diagnostic.js'
import { badRows } from '../../diagnostics/catalogue/stage.js'
import { operatorMismatch, tooDeep, tooLarge, tooNested } from '../../diagnostics/catalogue/type.js'
import { Builder } from '../../graph/builder.js'
import type { Graph, Value } from '../../graph/graph.js'
import type { TensorType } from '../../graph/types.js'
import { TypeMismatch } from '../../ops/operator.js'
import type { DataSpec, Distribution } from '../7-emit/manifest.js'
import type { Budget } from './budget.js'
import type { Facts } from './facts.js'
import { DrawPath } from './draw-path.js'
import { type Val, type Weight, depthOf, describe, sizeOf } from './values.js'

export function fail(diagnostic: Diagnostic): never {
  throw new UserError(diagnostic)
}

/** How much work counts as: `node` in the graph, `element` of a constant, `item` of a list, a `call`. */
const limits = {
  depth: 120,
  nesting: 500,
  levels: 60,
  nodes: 150_000,
  items: 200_000,
  node: 8,
  element: 1 / 2,
  item: 1 / 4,
  call: 4,
}

/** The state of turning one set of expressions (a stage, an evaluation, or all lets for checking) into a graph. */
export class Elaboration {
  /** The graph that nodes go to: the whole one, or the body of a Loop while that is built. */
  private current: Builder
  private readonly root: Builder
  readonly draws = new Map<string, Distribution>()
  readonly drawPath = new DrawPath()
  private readonly inputs = new Map<string, Value>()
  private readonly parameters = new Map<string, Value>()
  private readonly weights = new Map<Value, Weight>()
  /** Rows taken of each data set, and where that was said first. */
  private readonly rows = new Map<string, { readonly count: number; readonly span: Span }>()
  private depth = 0
  private nesting = 0
  /** Grows whenever something of this elaboration, not of the pipeline, is read or made. */
  private uses = 0

  /**
   * With `mixedRows` a data set may be taken in different numbers of rows, as when the values of several stages are
   * checked together; a graph that runs takes one number.
   */
  constructor(
    readonly dataSpecs: ReadonlyMap<string, DataSpec>,
    readonly facts: Facts,
    private readonly budget: Budget,
    private readonly mixedRows = false,
  ) {
    this.root = new Builder()
    this.current = this.root
  }

  get b(): Builder {
    this.uses++
    return this.current
  }

  /** Runs an evaluation and tells whether it touched this elaboration; else any other would give the same value. */
  observe<T>(run: () => T): { readonly value: T; readonly touched: boolean } {
    const before = this.uses
    const value = run()
    return { value, touched: this.uses !== before }
  }

  /** Says that something is read that belongs to this elaboration. */
  touch(): void {
    this.uses++
  }

  /** Builds a nested graph; inputs and parameters that it uses are those of the whole graph. */
  nested(build: (b: Builder) => Graph): Graph {
    this.touch()
    const outer = this.current
    this.current = outer.child()
    try {
      return build(this.current)
    } finally {
      this.current = outer
    }
  }

  /** Counts work, so that no source can keep the compiler busy without end. */
  tick(span: Span, work = 1): void {
    this.budget.spend(work, span)
    if (this.current.nodeCount > limits.nodes) fail(tooLarge(span, { what: 'the graph of this program' }))
  }

  /** Refuses static values that are too large, before whatever walks them. */
  checkSize(value: Val, span: Span): void {
    const size = sizeOf(value)
    if (depthOf(value) > limits.levels)
      fail(tooLarge(span, { what: `${describe(value)}, nested more than ${limits.levels} levels,` }))
    if (size === 1) return
    this.budget.spend(size * limits.item, span)
    if (size > limits.items) fail(tooLarge(span, { what: `${describe(value)}, with ${size} values in it,` }))
  }

  checkLength(length: number, span: Span): void {
    if (length > limits.items) fail(tooLarge(span, { what: `a list of ${length}` }))
  }

  /** Evaluates a declaration that a name stands for, which takes more of the stack than an expression. */
  named<T>(span: Span, run: () => T): T {
    this.descend(span, 4)
    try {
      return run()
    } finally {
      this.ascend(4)
    }
  }

  /** Begins what stands inside an expression, which `ascend` ends; the stack has an end. */
  descend(span: Span, levels = 1): void {
    if (this.nesting + levels > limits.nesting) fail(tooNested(span, undefined))
    this.nesting += levels
  }

  ascend(levels = 1): void {
    this.nesting -= levels
  }

  /** Runs a call one level deeper. */
  enter<T>(name: string, span: Span, run: () => T): T {
    if (this.depth >= limits.depth) fail(tooDeep(span, { name }))
    this.tick(span, limits.call)
    this.depth++
    try {
      return run()
    } finally {
      this.depth--
    }
  }

  /** Adds nodes at a span; an operator's complaint becomes a diagnostic there. */
  build<T>(span: Span, run: (b: Builder) => T, labels: () => readonly Label[] = () => []): T {
    const { b } = this
    const outer = b.span
    const before = b.nodeCount * limits.node + b.constantElements * limits.element
    b.span = span
    try {
      return run(b)
    } catch (error) {
      if (error instanceof TypeMismatch)
        return fail(operatorMismatch(span, { message: error.message, help: error.help, labels: labels() }))
      throw error
    } finally {
      b.span = outer
      this.budget.spend(b.nodeCount * limits.node + b.constantElements * limits.element - before, span)
    }
  }

  parameter(model: string, path: string, weight: Weight): Value {
    this.touch()
    const key = `${model}/${path}`
    const value = this.parameters.get(key) ?? this.b.parameter(model, path, weight.type)
    this.parameters.set(key, value)
    this.weights.set(value, weight)
    return value
  }

  /** The parameter of a module that a value of the graph is. */
  weightOf(value: Value): Weight | undefined {
    return this.weights.get(value)
  }

  /** The parameters that the graph has used so far. */
  get usedParameters(): readonly string[] {
    return [...this.parameters.keys()]
  }

  get usedData(): readonly string[] {
    return [...this.rows.keys()]
  }

  /** `count` rows of a data field as a graph input. */
  batch(data: string, field: string, count: number, span: Span): Value {
    this.touch()
    const first = this.rows.get(data)
    if (first && first.count !== count && !this.mixedRows) {
      fail(
        badRows(span, {
          message: `\`${data}\` is taken ${count} rows at a time here and ${first.count} elsewhere`,
          labels: [{ span: first.span, message: `${first.count} rows here` }],
          help: 'all fields of one data set come from the same rows; declare the data set a second time for other rows',
        }),
      )
    }
    if (!first) this.rows.set(data, { count, span })
    const name = `batch/${data}/${field}`
    const key = `${name}/${count}`
    const known = this.inputs.get(key)
    if (known) return known
    const spec = this.dataSpecs.get(data)?.fields.find((f) => f.name === field)
    if (!spec) throw new Error(`no field ${data}.${field}`)
    const type = { dtype: spec.dtype, shape: [count, ...spec.shape] }
    const value = this.build(span, () => this.root.input(name, type))
    this.inputs.set(key, value)
    return value
  }

  draw(distribution: Distribution, type: TensorType, span: Span): Value {
    this.touch()
    const path = this.drawPath.next()
    this.draws.set(path, distribution)
    return this.build(span, () => this.root.input(`draw/${path}`, type))
  }
}
