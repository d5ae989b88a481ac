import type { Label, Span } from '../../diagnostics/diagnostic.js'
import { operatorMismatch, tooDeep, tooLarge, tooNested } from '../../diagnostics/catalogue/type.js'
import { Builder } from '../../graph/builder.js'
import type { Graph, Output, Value } from '../../graph/graph.js'
import { slice } from '../../graph/rewrite.js'
import { type TensorType, isFloat } from '../../graph/types.js'
import type { BinaryFiles } from '../../onnx/open.js'
import { TypeMismatch } from '../../ops/operator.js'
import type { Distribution } from '../../artefact/roles.js'
import type { Expression } from '../1-parse/syntax.js'
import { isLibrary } from '../2-resolve/program.js'
import type { Budget } from './budget.js'
import type { DeclaredData } from './data-spec.js'
import type { AdaptedLayer } from './adapter.js'
import { type Facts, noFacts } from './facts.js'
import { DrawPath } from './draw-path.js'
import type { Environment } from './environment.js'
import { fail, giveUp } from './fail.js'
import type { MadeUp } from './made-up/made-up.js'
import type { Mistakes } from './mistakes.js'
import { type Place, isBelow } from './place.js'
import type { Narrow } from './precision.js'
import { StateCalls } from './state-calls.js'
import type { TextUses } from './text-uses.js'
import { type Val, type Weight, depthOf, describe, isSingle, sizeOf } from './values.js'

export { fail }

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

/** Rows of a data set that only evaluations read. */
const chosenRows = 64

/** An expression that is no name and no number. */
export type Form = Exclude<Expression, { readonly kind: 'int' | 'float' | 'name' }>

/** Evaluates the forms of expressions. */
export type Forms = (x: Elaboration, e: Form, env: Environment) => Val

/** What is noted while values are evaluated, over all elaborations of a pipeline. */
export interface Notes {
  readonly budget: Budget
  /** What is asked of texts that a type chooses from. */
  readonly texts: TextUses
  /** What is wrong and was gone on behind. */
  readonly mistakes: Mistakes
  /** The functions and modules that were called, and the arms that were taken. */
  readonly reached: Set<object>
}

/** The state of turning the expressions of a pipeline into one graph, of which stages and evaluations are slices. */
export class Elaboration {
  /** The graph that nodes go to: the whole one, or the body of a Loop while that is built. */
  private current: Builder
  private readonly root: Builder
  private readonly budget: Budget
  readonly texts: TextUses
  readonly mistakes: Mistakes
  readonly reached: Set<object>
  readonly drawPath = new DrawPath()
  /** The masks of dropout, in order: each row of what they are applied to has entries of its own. */
  readonly masks = new Set<Value>()
  private readonly inputs = new Map<string, Value>()
  private readonly parameters = new Map<string, Value>()
  private readonly weights = new Map<Value, Weight>()
  /** The models whose weights are rounded, by name. */
  readonly narrow = new Map<string, Narrow>()
  /** The data set of which an input takes rows, and where. */
  private readonly batches = new Map<Value, { readonly data: string; readonly span: Span }>()
  private depth = 0
  /** The last call that stands outside of the library. */
  private caller: Span | undefined
  private nesting = 0
  /** The loops around what is being evaluated, the outermost first. */
  private rounds: readonly { readonly count: number; readonly number: Value }[] = []
  private stage: Facts = noFacts
  /** Whether a stage of the pipeline takes all micro-batches of a step at once: rows depend on the facts then. */
  severalBatches = false
  private reads = 0
  readonly states = new StateCalls(this)
  /** What is frozen in the calls around. */
  private frozen: readonly Place[] = []
  /** Whether parameters are read as the optimizer leaves them. */
  private updated = false
  /** The state whose next value is being evaluated. */
  nextOf: string | undefined

  constructor(
    readonly forms: Forms,
    readonly data: ReadonlyMap<string, DeclaredData>,
    /** The layers of models that an adapter may stand beside, by `<model>/<path>` of the weight. */
    readonly adapted: ReadonlyMap<string, AdaptedLayer>,
    notes: Notes,
    /** Files that models are read from; an elaboration that makes none needs none. */
    readonly binary?: BinaryFiles | undefined,
    /** Set where code is evaluated that nothing calls. */
    readonly madeUp?: MadeUp,
  ) {
    this.budget = notes.budget
    this.texts = notes.texts
    this.mistakes = notes.mistakes
    this.reached = notes.reached
    this.root = new Builder()
    this.current = this.root
  }

  get b(): Builder {
    return this.current
  }

  /** Whether nodes go to the body of a Loop. */
  get isNested(): boolean {
    return this.current !== this.root
  }

  /** What the values that are evaluated now may depend on; reading it makes them depend on it. */
  get facts(): Facts {
    this.dependent()
    return this.stage
  }

  /** The same, as a key. */
  get present(): Facts {
    return this.stage
  }

  /** Says that what is evaluated now depends on the facts. */
  dependent(): void {
    this.reads++
  }

  /** Evaluates for a stage or an evaluation. */
  during<T>(facts: Facts, run: () => T): T {
    const outer = this.stage
    this.stage = facts
    try {
      return run()
    } finally {
      this.stage = outer
    }
  }

  /** How many times something that depends on the facts was read. */
  get factReads(): number {
    return this.reads
  }

  /** Builds a nested graph; inputs and parameters that it uses are those of the whole graph. */
  nested(build: (b: Builder) => Graph): Graph {
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
  }

  /** Counts the work of nodes that were added. */
  private added(work: number, span: Span): void {
    this.budget.spend(work, span)
    if (this.current.nodeCount > limits.nodes) giveUp(tooLarge(span, { what: 'the graph of this program' }))
  }

  /** Refuses static values that are too large, before whatever walks them. */
  checkSize(value: Val, span: Span): void {
    if (isSingle(value)) return
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
    // what a name stands for is no part of the loop in which it is read
    const { current, rounds, frozen, updated } = this
    this.current = this.root
    this.rounds = []
    this.frozen = []
    this.updated = false
    try {
      return run()
    } finally {
      this.current = current
      this.rounds = rounds
      this.frozen = frozen
      this.updated = updated
      this.ascend(4)
    }
  }

  /** Begins what stands inside an expression, which `ascend` ends; the stack has an end. */
  descend(span: Span, levels = 1): void {
    if (this.nesting + levels > limits.nesting) giveUp(tooNested(span, undefined))
    this.nesting += levels
  }

  ascend(levels = 1): void {
    this.nesting -= levels
  }

  /** Runs a call one level deeper. */
  enter<T>(name: string, span: Span, run: () => T): T {
    if (this.depth >= limits.depth) giveUp(tooDeep(span, { name }))
    this.tick(span, limits.call)
    const { caller } = this
    if (!isLibrary(span.file)) this.caller = span
    this.depth++
    try {
      return run()
    } finally {
      this.depth--
      this.caller = caller
    }
  }

  /** Adds nodes at a span; an operator's complaint becomes a diagnostic there. */
  build<T>(span: Span, run: (b: Builder) => T, labels: () => readonly Label[] = () => []): T {
    const { b } = this
    const outer = b.span
    const before = b.nodeCount * limits.node + b.constantElements * limits.element
    b.span = span
    b.caller = isLibrary(span.file) ? this.caller : span
    try {
      return run(b)
    } catch (error) {
      if (error instanceof TypeMismatch)
        return fail(operatorMismatch(span, { message: error.message, help: error.help, labels: labels() }))
      throw error
    } finally {
      b.span = outer
      this.added(b.nodeCount * limits.node + b.constantElements * limits.element - before, span)
    }
  }

  parameter(model: string, path: string, weight: Weight): Value {
    const key = `${model}/${path}`
    const known = this.parameters.get(key)
    if (known) return known
    const rounds = weight.type.dtype === 'f32' && !weight.state
    const as = rounds ? this.narrow.get(model)?.type : undefined
    const value = this.b.parameter(model, path, weight.type, as)
    this.parameters.set(key, value)
    this.weights.set(value, weight)
    return value
  }

  /** A parameter as what is being evaluated sees it. */
  read(model: string, path: string, weight: Weight): Value {
    const leaf = this.parameter(model, path, weight)
    if (this.updated) return this.b.op('Updated', [leaf])
    const trains = !weight.state && isFloat(leaf.type.dtype)
    return trains && this.isFrozen({ model, path }) ? this.b.op('StopGradient', [leaf]) : leaf
  }

  isFrozen(place: Place | undefined): boolean {
    return place !== undefined && this.frozen.some((root) => isBelow(place, root))
  }

  /** Evaluates a call through `frozen(...)`. */
  frozenly<T>(place: Place, run: () => T): T {
    const { frozen } = this
    this.frozen = [...frozen, place]
    try {
      return run()
    } finally {
      this.frozen = frozen
    }
  }

  /** Evaluates the next value of a state of the pipeline, perhaps with the parameters that the step leaves. */
  next<T>(state: string, afterUpdate: boolean, run: () => T): T {
    const { updated, nextOf } = this
    this.updated = afterUpdate
    this.nextOf = state
    try {
      return run()
    } finally {
      this.updated = updated
      this.nextOf = nextOf
    }
  }

  /** Whether no call gives a state its next value: nothing runs after the update. */
  get isAfterUpdate(): boolean {
    return this.updated
  }

  /** The parameter of a module that a value of the graph is. */
  weightOf(value: Value): Weight | undefined {
    return this.weights.get(value)
  }

  /** Whether a parameter of the graph is a state. */
  isState(model: string, path: string): boolean {
    const value = this.parameters.get(`${model}/${path}`)
    return value !== undefined && this.weights.get(value)?.state === true
  }

  /** What these outputs need, as a graph of its own. */
  finish(name: string, outputs: readonly Output[]): Graph {
    return slice(this.root.finish(name, outputs))
  }

  /** The data sets of which a graph takes rows, each with a place where it does. */
  readsOf(graph: Graph): ReadonlyMap<string, Span> {
    const reads = new Map<string, Span>()
    for (const input of graph.inputs) {
      const batch = this.batches.get(input)
      if (batch && !reads.has(batch.data)) reads.set(batch.data, batch.span)
    }
    return reads
  }

  /** How many rows the fields of a data set have. */
  rowsOf(data: string): number {
    return this.times(this.data.get(data)?.rows ?? chosenRows)
  }

  /** A number of rows, as many times as there are micro-batches. */
  times(rows: number): number {
    return this.severalBatches ? rows * this.facts.batches : rows
  }

  /** A data field as a graph input; undefined where the data set has none of that name. */
  batch(data: string, field: string, span: Span): Value | undefined {
    const name = `batch/${data}/${field}`
    const rows = this.rowsOf(data)
    const key = `${name}/${rows}`
    const known = this.inputs.get(key)
    if (known) return known
    const { spec, pictures } = this.data.get(data) ?? {}
    const declared = spec?.fields.find((f) => f.name === field)
    if (!declared) return undefined
    const type = { dtype: declared.dtype, shape: [rows, ...declared.shape] }
    const { root } = this
    const value = this.build(span, () => {
      const input = root.input(name, type, { kind: 'batch', data, field })
      this.batches.set(input, { data, span })
      if (pictures?.has(field) !== true) return input
      // As torchvision's ToTensor: a quarter of the bytes crosses to the device.
      return root.op('Div', [root.op('Cast', [input], { to: 'f32' }), root.scalar(255)])
    })
    this.inputs.set(key, value)
    return value
  }

  /** An argument of a function that is written as a graph of its own. */
  argument(name: string, type: TensorType, span: Span): Value {
    return this.build(span, () => this.root.input(name, type))
  }

  /**
   * A random value. In the body of a loop it is one value per round: the input holds those of all rounds behind its rows,
   * and each round takes its own.
   */
  draw(distribution: Distribution, type: TensorType, span: Span): Value {
    const path = this.drawPath.next()
    const rows = type.shape.slice(0, 1)
    const shape = [...rows, ...this.rounds.map(({ count }) => count), ...type.shape.slice(1)]
    const role = { kind: 'draw', path, distribution } as const
    const input = this.build(span, () => this.root.input(`draw/${path}`, { ...type, shape }, role))
    const axis = rows.length
    return this.rounds.reduce(
      (value, { number }) => this.build(span, (b) => b.op('Gather', [value, number], { axis })),
      input,
    )
  }

  /** Evaluates the body of a loop, where `number` counts its rounds. */
  inRounds<T>(count: number, number: Value, run: () => T): T {
    const { rounds } = this
    this.rounds = [...rounds, { count, number }]
    try {
      return run()
    } finally {
      this.rounds = rounds
    }
  }
}
