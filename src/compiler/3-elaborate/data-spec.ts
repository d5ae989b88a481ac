import type { DataPart, DataSpec, HostExpression } from '../../artefact/data.js'
import { badField, emptyRows } from '../../diagnostics/catalogue/data.js'
import { duplicateName } from '../../diagnostics/catalogue/name.js'
import { needsOverride, nothingToOverride } from '../../diagnostics/catalogue/pipeline.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { type TensorType, formatType, sameShape } from '../../graph/types.js'
import { dataLength } from '../../sources/length.js'
import { findHostFunction } from '../../sources/registry.js'
import type { PictureSize } from '../../sources/source.js'
import type { DataField, DataItem } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { type RowScope, type RowValue, hostExpression } from './host-expression.js'
import { rowsOf } from './rows-of.js'
import { type RowContext, type TakenField, type TakenRows, inlined } from './taken-rows.js'
import { dtypeOf, typeText } from './types.js'
import { type Val, describe } from './values.js'

/** A `data` declaration: its plan for the host, and how many rows its fields have in graphs. */
export interface DeclaredData {
  readonly spec: DataSpec
  /** Fields whose bytes become floats in [0, 1] in the graph. */
  readonly pictures: ReadonlySet<string>
  /** What another declaration takes of it. */
  readonly taken: TakenRows
  /** Undefined where it is left to the compiler, since only evaluations read it. */
  readonly rows: number | undefined
  /** Of its name. */
  readonly span: Span
}

/** Checks a `data` declaration. A part of it is read with the names of the file in which that part stands. */
export function declaredData(
  x: Elaboration,
  item: DataItem,
  context: Pick<RowContext, 'environment' | 'declared' | 'names'>,
): DeclaredData {
  const { environment } = context
  const name = item.name.text
  const taken = withBlock(x, item, rowsOf(item.source, item.span, { ...context, x, name }), environment)
  const spec = {
    name,
    fields: taken.fields.map(({ field, bytes }) => (bytes ? { ...field, dtype: 'u8' as const } : field)),
    parts: taken.parts.map((part, k) => ({
      ...part,
      lets: part.lets.map((local) => ({ ...local, value: whole(local.value, part.lets) })),
      values: taken.fields.flatMap(({ values }) => values[k] ?? []).map((value) => whole(value, part.lets)),
    })),
    weights: taken.weights,
  }
  if (dataLength(spec) === 0) fail(emptyRows(item.source?.span ?? item.span, { data: name }))
  const rows = item.rows && batchOf(evaluate(x, item.rows, environment(item.rows.span.file)), item.rows.span)
  const pictures = new Set(
    taken.fields.flatMap(({ field, bytes }) => (bytes && field.dtype === 'f32' ? [field.name] : [])),
  )
  return { spec, pictures, taken, rows, span: item.name.span }
}

/** What is kept is found by all that it is made of, so no `let` stands in it. */
function whole(e: HostExpression, lets: DataPart['lets']): HostExpression {
  if (e.kind !== 'call') return e
  if (findHostFunction(e.function)?.keeps) return inlined(e, lets)
  const args = Object.entries(e.arguments).map(([name, value]) => [name, whole(value, lets)] as const)
  return { ...e, arguments: Object.fromEntries(args) }
}

function batchOf(value: Val, span: Span): number {
  if (value.kind === 'int' && value.value >= 1) return value.value
  const wanted = 'a number of rows, at least 1'
  return fail(wrongType(span, { wanted, got: describe(value), where: '`rows`' }))
}

/** Rows with the `let`s and fields of a block: new ones, and those that take the place of fields taken over. */
function withBlock(
  x: Elaboration,
  item: DataItem,
  taken: TakenRows,
  environment: (file: string) => Environment,
): TakenRows {
  const scope = new Map<string, RowValue>(taken.scope)
  const spans = new Map<string, Span>()
  const lets = item.lets.map(({ name, value, span }) => {
    const first = spans.get(name.text)
    if (first) return fail(duplicateName(name.span, { name: name.text, first }))
    spans.set(name.text, name.span)
    const made = hostExpression(x, value, scope, environment(span.file))
    // another declaration that takes these rows may have a `let` of the same name
    const own = `${item.name.text}.${name.text}`
    scope.set(name.text, { ...made, value: { kind: 'let', name: own } })
    return { name: own, value: made.value }
  })
  const fields = [...taken.fields]
  const written = new Map<string, Span>()
  for (const f of item.fields) {
    const { text } = f.name
    const first = written.get(text)
    if (first) fail(duplicateName(f.name.span, { name: text, first }))
    written.set(text, f.name.span)
    const place = fields.findIndex(({ field }) => field.name === text)
    checkOverride(f, fields[place], taken)
    const { type, value, bytes } = fieldOf(x, f, scope, environment(f.span.file))
    const values = taken.parts.map(() => value)
    const made = { field: { name: text, ...type }, bytes, values, span: f.name.span }
    if (place === -1) fields.push(made)
    else fields[place] = made
  }
  const parts = taken.parts.map((part) => ({ ...part, lets: [...part.lets, ...lets] }))
  return { ...taken, parts, scope, fields }
}

function checkOverride(f: DataField, base: TakenField | undefined, { fields }: TakenRows): void {
  const { text: name, span } = f.name
  if (base && f.override !== true)
    fail(needsOverride(span, { kind: 'field', name, inherited: base.span, declaration: f.span }))
  if (!base && f.override === true) {
    const known = fields.map(({ field }) => field.name)
    fail(nothingToOverride(span, { kind: 'field', name, suggestion: closest(name, known) }))
  }
}

interface MadeField {
  readonly type: Omit<DataSpec['fields'][number], 'name'>
  readonly value: HostExpression
  /** A picture, which crosses to the graph as bytes. */
  readonly bytes: boolean
}

function fieldOf(x: Elaboration, f: DataField, scope: RowScope, env: Environment): MadeField {
  const { type } = f
  if (type.kind !== 'tensor-type') {
    return fail(
      badField(type.span, {
        message: `field \`${f.name.text}\` must be a tensor, got ${typeText(type)}`,
        help: 'a picture is f32[3, height, width]; for text use a host function such as `word_tokens`',
      }),
    )
  }
  const shape = type.dims.map((d) => {
    const size: Val = d.kind === 'dim' ? evaluate(x, d.value, env) : { kind: 'none' }
    return size.kind === 'int' && size.value >= 1
      ? size.value
      : fail(wrongType(d.span, { wanted: 'a size, at least 1', got: describe(size) }))
  })
  const dtype = dtypeOf(type.dtype)
  const { value, type: made } = hostExpression(x, f.value, scope, env)
  if (made.kind === 'string') {
    const example = `${f.name.text}: i64[8] = word_tokens(${f.value.kind === 'name' ? f.value.name : 'name'}, length = 8, vocabulary = "words.txt")`
    return fail(
      badField(f.value.span, {
        message: `field \`${f.name.text}\` is text, which no graph can take`,
        help: `turn it into numbers: ${example}`,
      }),
    )
  }
  if (made.kind === 'picture') return pictureField(f, value, made.size, { dtype, shape })
  if (made.dtype !== dtype || !sameShape(made.shape, shape)) {
    return fail(
      badField(f.value.span, {
        message: `field \`${f.name.text}\` is declared ${formatType({ dtype, shape })}, this gives ${formatType(made)}`,
        help: `declare it ${formatType(made)}`,
      }),
    )
  }
  return { type: { dtype, shape }, value, bytes: false }
}

/** A picture of one size is a tensor of bytes, or of floats in [0, 1], which the graph makes of the bytes. */
function pictureField(
  f: DataField,
  value: HostExpression,
  size: PictureSize | null,
  { dtype, shape }: TensorType,
): MadeField {
  const name = f.name.text
  if (size === null) {
    const [, height = 224, width = 224] = shape
    const middle = height === width ? height : `[${height}, ${width}]`
    return fail(
      badField(f.value.span, {
        message: `field \`${name}\` is a picture of any size`,
        help: `give it one, such as centre_crop(resize(image, ${Math.min(height, width)}), ${middle})`,
      }),
    )
  }
  const type = { dtype, shape }
  if ((dtype === 'f32' || dtype === 'u8') && sameShape([3, ...size], shape))
    return { type, value, bytes: true }
  const made = formatType({ dtype: dtype === 'u8' ? 'u8' : 'f32', shape: [3, ...size] })
  return fail(
    badField(f.value.span, {
      message: `field \`${name}\` is declared ${formatType(type)}, this gives a picture, ${made}`,
      help: `declare it ${made}`,
    }),
  )
}
