import type { Span } from '../../diagnostics/diagnostic.js'
import type { Value } from '../../graph/graph.js'
import type { DType, TensorType } from '../../graph/types.js'
import { formatType } from '../../graph/types.js'
import type { LanguageFunction } from '../../ops/language.js'
import type { FunctionDeclaration, ModuleDeclaration, RecordDeclaration } from '../1-parse/syntax.js'
import type { Initializer } from '../../artefact/models.js'
import type { Distribution } from '../../artefact/roles.js'
import { type Quantity, amountOf, measureOf, quantityText } from '../1-parse/units.js'
import type { Adapter } from './adapter.js'
import type { Environment } from './environment.js'
import type { Place } from './place.js'
import type { SpecialFunction } from './special.js'
import type { Choices } from './text-uses.js'

/** What an expression of the language evaluates to while a pipeline is elaborated. Only `tensor` is in the graph. */
export type Val =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | QuantityVal
  | TextVal
  | { readonly kind: 'none' }
  | ListVal
  | TupleVal
  | RecordVal
  | TensorVal
  | FunctionVal
  | { readonly kind: 'operator'; readonly definition: LanguageFunction }
  | { readonly kind: 'special'; readonly definition: SpecialFunction }
  | { readonly kind: 'module'; readonly declaration: ModuleDeclaration; readonly environment: Environment }
  | RecordType
  | Instance
  /** A parameter of an instance; it becomes a tensor when it is read in a graph. */
  | { readonly kind: 'weight'; readonly instance: Instance; readonly weight: Weight }
  /** Whether the stage at hand trains the instance: what `training` means in its functions. */
  | { readonly kind: 'mode'; readonly instance: Instance }
  | FrozenVal
  | ModelSum
  | { readonly kind: 'data'; readonly name: string }
  /** What the stage trains, as `grad(loss, trained)` names it. */
  | { readonly kind: 'trained' }
  | GradientVal
  /** A condition of which a monitor records how often it holds. */
  | { readonly kind: 'share'; readonly condition: Value }
  | { readonly kind: 'adapter'; readonly adapter: Adapter }
  /** `i` or `j` of `for i in n, j in m`. */
  | { readonly kind: 'row-index'; readonly pairs: PairFrame; readonly axis: number }
  | { readonly kind: 'initializer'; readonly init: Initializer }
  | { readonly kind: 'distribution'; readonly distribution: Distribution; readonly dtype: DType }
  | { readonly kind: 'dtype'; readonly dtype: DType }
  /** What is made up for code that nothing calls, where nothing is known; evaluating it throws `Unknown`. */
  | { readonly kind: 'unknown' }
  /** What has a name but is no value. */
  | {
      readonly kind: 'declaration'
      readonly what: 'pipeline' | 'ablation' | 'evaluation'
      readonly name: string
    }

/**
 * What bounds the work of walking a value: `size` counts the values in it, at all levels (lists that share their parts
 * can be larger than their making), `depth` the levels.
 */
interface Extent {
  readonly size: number
  readonly depth: number
}

export interface ListVal extends Extent {
  readonly kind: 'list'
  readonly items: readonly Val[]
}

export interface TupleVal extends Extent {
  readonly kind: 'tuple'
  readonly items: readonly Val[]
}

/** `16 GB`, `10 min`, `5%` */
export interface QuantityVal extends Quantity {
  readonly kind: 'quantity'
}

export interface TextVal {
  readonly kind: 'string'
  readonly value: string
  /** Where it is written, or where it begins that is put together. */
  readonly span?: Span | undefined
  /** What it was chosen from, where a type says that. */
  readonly choices?: Choices
}

export interface TensorVal {
  readonly kind: 'tensor'
  readonly value: Value
}

/** A gradient with respect to parameters, one tensor for each, by `<model>/<path>`. */
export interface GradientVal {
  readonly kind: 'gradient'
  readonly parts: ReadonlyMap<string, Value>
}

/** `frozen(net)`: a model or a part of one without gradient, training and `next`. */
export interface FrozenVal {
  readonly kind: 'frozen'
  readonly instance: Instance
}

/** A model in arithmetic: its float parameters and states by their paths below it. */
export interface ModelSum {
  readonly kind: 'model-sum'
  readonly parts: ReadonlyMap<string, Value>
  /** The integer states, which are copied: those of the last model that is not the one that gets the sum. */
  readonly counts: ReadonlyMap<string, Value>
  /** The models in it, in words. */
  readonly of: string
}

export interface RecordType {
  readonly kind: 'record-type'
  readonly declaration: RecordDeclaration
  readonly environment: Environment
}

export interface RecordVal extends Extent {
  readonly kind: 'record'
  /** Absent for `{ a: 1 }`. */
  readonly type?: RecordType
  readonly fields: ReadonlyMap<string, Val>
  /** Where the fields of a record type were given, for messages. */
  readonly origins?: ReadonlyMap<string, Span>
}

export interface FunctionVal {
  readonly kind: 'fn'
  readonly declaration: FunctionDeclaration
  readonly environment: Environment
  /** The instance whose function it is. */
  readonly of?: Instance
  /** Called through `frozen(...)`. */
  readonly frozen?: Place
}

/** A module with its arguments: a node of a model's parameter tree. */
export interface Instance {
  readonly kind: 'instance'
  readonly declaration: ModuleDeclaration
  /** Sees the module's parameters and members. */
  readonly environment: Environment
  readonly weights: ReadonlyMap<string, Weight>
  /** Submodules and lists of them, by member name. */
  readonly children: ReadonlyMap<string, Val>
  readonly depth: number
  /** The ONNX file that it was read from, which also holds its parameters. */
  readonly weightFile?: string
  /** Set when the instance becomes part of a model: `clip` and `vision_model.encoder`. */
  place: Place | undefined
  /** The instance whose member it is; set with the place. */
  parent?: Instance
  /** What it is a copy of. */
  copies?: Instance
}

export interface Weight {
  readonly name: string
  /** It is never trained: `next` changes it. */
  readonly state?: true
  /** It is part of a copy, and never trained either. */
  readonly copied?: true
  readonly type: TensorType
  readonly init: Initializer
  readonly span: Span
  /** Where the size of each axis was chosen, as far as that is known. */
  readonly origins: readonly (Span | undefined)[]
  /** The nodes of an ONNX file that read it, where they are several. */
  readonly readers?: readonly string[]
  /** Nothing that its ONNX file gives is computed from it. */
  readonly idle?: true
}

/** One `for i in n, j in m`: how many rows each index has, and the expanded rows that its body reads. */
export interface PairFrame {
  readonly sizes: readonly number[]
  readonly expanded: Map<string, Value>
}

export const none: Val = { kind: 'none' }
export const unknownVal: Val = { kind: 'unknown' }
export const int = (value: number): Val => ({ kind: 'int', value })
export const float = (value: number): Val => ({ kind: 'float', value })
export const bool = (value: boolean): Val => ({ kind: 'bool', value })
export const string = (value: string): Val => ({ kind: 'string', value })
export const list = (items: readonly Val[]): ListVal => {
  const { size, depth } = extentOfAll(items)
  return { kind: 'list', items, size, depth }
}
export const tuple = (items: readonly Val[]): TupleVal => {
  const { size, depth } = extentOfAll(items)
  return { kind: 'tuple', items, size, depth }
}
export const record = (
  fields: ReadonlyMap<string, Val>,
  rest: Pick<RecordVal, 'type' | 'origins'> = {},
): RecordVal => ({
  ...rest,
  kind: 'record',
  fields,
  ...extentOfAll(fields.values()),
})

/** A list or tuple with one more item, as a list; what it holds follows from the two, so loops of it stay quick. */
export const appended = (before: ListVal | TupleVal, item: Val): ListVal => ({
  kind: 'list',
  items: [...before.items, item],
  size: before.size + sizeOf(item),
  depth: Math.max(before.depth, depthOf(item) + 1),
})

/** How much a static value holds: the values in a list at all levels, the letters of a string. */
export const sizeOf = (v: Val): number => (v.kind === 'string' ? v.value.length : 'size' in v ? v.size : 1)

/** Whether a value holds no others and has a size of 1. */
export const isSingle = ({ kind }: Val): boolean =>
  kind === 'tensor' || kind === 'int' || kind === 'float' || kind === 'bool' || kind === 'none'

/** The levels of lists, records and modules in a value. */
export const depthOf = (v: Val): number => ('depth' in v ? v.depth : 0)

function extentOfAll(values: Iterable<Val>): Extent {
  let size = 1
  let depth = 0
  for (const v of values) {
    size += sizeOf(v)
    depth = Math.max(depth, depthOf(v))
  }
  return { size, depth: depth + 1 }
}

export const tensorVal = (value: Value): TensorVal => ({ kind: 'tensor', value })

/** A value in a user's words, for messages: `f32[8, 64]`, `an int (3)`, `a function`. */
export function describe(v: Val): string {
  switch (v.kind) {
    case 'int':
      return `the number ${v.value}`
    case 'float':
      return `the number ${Number.isInteger(v.value) && Math.abs(v.value) < 1e15 ? v.value.toFixed(1) : v.value}`
    case 'bool':
      return String(v.value)
    case 'quantity':
      return quantityText(v)
    case 'string':
      return `the string ${JSON.stringify(v.value.length > 60 ? `${v.value.slice(0, 60)}...` : v.value)}`
    case 'none':
      return 'none'
    case 'list':
      return `a list of ${v.items.length}`
    case 'tuple':
      return `a tuple of ${v.items.length}`
    case 'record':
      return v.type ? `a ${v.type.declaration.name.text}` : 'a record'
    case 'tensor':
      return formatType(v.value.type)
    case 'fn':
      return `the function \`${v.declaration.name.text}\``
    case 'operator':
    case 'special':
      return `the function \`${v.definition.name}\``
    case 'module':
      return `the module \`${v.declaration.name.text}\``
    case 'record-type':
      return `the record type \`${v.declaration.name.text}\``
    case 'instance':
      return `a ${v.declaration.name.text}`
    case 'weight':
      return `the parameter \`${v.weight.name}\``
    case 'mode':
      return 'whether the stage trains the module'
    case 'frozen':
      return `a frozen ${v.instance.declaration.name.text}`
    case 'model-sum':
      return `a sum of the parameters of ${v.of}`
    case 'data':
      return `the data set \`${v.name}\``
    case 'trained':
      return 'what the stage trains'
    case 'gradient':
      return `a gradient of ${v.parts.size} parameter${v.parts.size === 1 ? '' : 's'}`
    case 'share':
      return 'a share over steps'
    case 'adapter':
      return `the adapter \`${v.adapter.name}\``
    case 'row-index':
      return 'a row index of `for`'
    case 'initializer':
      return 'an initial value'
    case 'distribution':
      return 'a distribution'
    case 'dtype':
      return `the element type ${v.dtype}`
    case 'unknown':
      return 'any value'
    case 'declaration':
      return `the ${v.what} \`${v.name}\``
  }
}

/** Equality of static values, as `==` and `match` use it; undefined when the kinds cannot be compared. */
export function staticEqual(a: Val, b: Val): boolean | undefined {
  if ((a.kind === 'int' || a.kind === 'float') && (b.kind === 'int' || b.kind === 'float'))
    return a.value === b.value
  if (a.kind === 'none' || b.kind === 'none') return a.kind === b.kind
  if (a.kind === 'quantity' && b.kind === 'quantity' && measureOf(a) === measureOf(b))
    return amountOf(a) === amountOf(b)
  if (a.kind === 'string' && b.kind === 'string') return a.value === b.value
  if (a.kind === 'bool' && b.kind === 'bool') return a.value === b.value
  if ((a.kind === 'list' && b.kind === 'list') || (a.kind === 'tuple' && b.kind === 'tuple')) {
    if (a.items.length !== b.items.length) return false
    return a.items.every((item, k) => staticEqual(item, b.items[k] ?? none) === true)
  }
  return undefined
}

/** A static value as it is written, for messages; long ones are cut. */
export function literal(v: Val): string {
  const text = written(v)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function written(v: Val): string {
  switch (v.kind) {
    case 'int':
    case 'float':
    case 'bool':
      return String(v.value)
    case 'string':
      return JSON.stringify(v.value)
    case 'list':
    case 'tuple':
      return `[${v.items.slice(0, 30).map(written).join(', ')}]`
    default:
      return describe(v)
  }
}
