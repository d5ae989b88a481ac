import { type DataSpec, type HostExpression, sourceOf } from '../artefact/data.js'
import { formatType } from '../graph/types.js'
import { columnText } from '../sources/column-type.js'
import { columnsIn } from '../runtime/host-expression.js'
import { findSource } from '../sources/registry.js'
import type { ColumnType } from '../sources/source.js'

/** What of a declaration is looked at. */
export interface Subject {
  /** Its rows and fields. */
  readonly spec: DataSpec
  /** What its fields are, as the pipeline declares them. */
  readonly fields: readonly { readonly name: string; readonly type: string }[]
  /** The columns that its fields are made of. */
  readonly columns: readonly string[]
  /** Columns of text that are shown beside. */
  readonly texts: readonly string[]
  /** It has no fields, and is shown as its source stores it. */
  readonly asStored: boolean
}

/**
 * A declaration without fields is looked at as if its columns were the fields, pictures as thumbnails. `floats` are the
 * pictures that its graph makes floats of.
 */
export function subjectOf(spec: DataSpec, floats: ReadonlySet<string> = new Set()): Subject {
  if (spec.fields.length > 0) {
    const fields = spec.fields.map((field) => ({
      name: field.name,
      type: formatType(floats.has(field.name) ? { ...field, dtype: 'f32' } : field),
    }))
    const made = spec.parts.flatMap(({ lets, values }) => [...lets.map(({ value }) => value), ...values])
    const columns = [...new Set(made.flatMap(columnsIn))]
    return { spec, fields, columns, texts: columns, asStored: false }
  }
  const [first] = spec.parts
  const source = first && sourceOf(first.rows)
  const all = Object.entries((source && findSource(source.source)?.columns(source.arguments)) ?? {})
  const shown = all.flatMap(([name, type]) => thumbnail(name, type))
  return {
    spec: {
      ...spec,
      fields: shown.map(({ field }) => field),
      parts: spec.parts.map((part) => ({ ...part, values: shown.map(({ value }) => value) })),
    },
    fields: all.map(([name, type]) => ({ name, type: columnText(type) })),
    columns: shown.map(({ field }) => field.name),
    texts: all.flatMap(([name, type]) => (type.kind === 'string' ? [name] : [])),
    asStored: true,
  }
}

const side = 128

function thumbnail(
  name: string,
  type: ColumnType,
): readonly { field: DataSpec['fields'][number]; value: HostExpression }[] {
  const column = { kind: 'column', name } as const
  if (type.kind === 'string') return []
  if (type.kind === 'tensor')
    return [{ field: { name, dtype: type.dtype, shape: type.shape }, value: column }]
  const [height, width] = type.size ?? [side, side]
  const value: HostExpression = type.size
    ? column
    : {
        kind: 'call',
        function: 'letterbox',
        arguments: {
          image: column,
          size: { kind: 'literal', value: side },
          colour: { kind: 'literal', value: '#707070' },
        },
      }
  return [{ field: { name, dtype: 'u8', shape: [3, height, width] }, value }]
}
