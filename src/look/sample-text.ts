import type { Subject } from './subject.js'
import { type Stored } from './stored.js'
import type { TensorValue } from '../runtime/sources/dataset.js'
import { isPictureField } from './tile.js'

/** A sample as text. */
export interface SampleText {
  readonly name: string
  readonly values: readonly { readonly name: string; readonly text: string }[]
}

/** Numbers and characters that are shown of one value. */
const most = { numbers: 6, characters: 120 }

/** The columns of text of a row, and its fields but for pictures. */
export function sampleText(
  { spec, texts }: Subject,
  row: {
    readonly name: string
    readonly columns: ReadonlyMap<string, Stored>
    readonly fields: readonly TensorValue[]
  },
  namesOfField: (field: string) => readonly string[] | undefined,
): SampleText {
  const words = texts.flatMap((name) => {
    const value = row.columns.get(name)
    return typeof value === 'string' ? [{ name, text: JSON.stringify(cut(value)) }] : []
  })
  const numbers = spec.fields.flatMap((field, k) => {
    const value = row.fields[k]
    if (!value || isPictureField(field)) return []
    return [{ name: field.name, text: numbersText(value, namesOfField(field.name)) }]
  })
  return { name: row.name, values: [...words, ...numbers] }
}

const cut = (text: string): string =>
  text.length > most.characters ? `${text.slice(0, most.characters)}...` : text

function numbersText(value: TensorValue, names: readonly string[] | undefined): string {
  const first = Array.from(value.subarray(0, most.numbers), Number)
  const text = first.map((n) => `${Number(n.toPrecision(4))}`).join(' ')
  if (value.length > most.numbers) return `${text} ... (${value.length})`
  const name = value.length === 1 ? names?.[first[0] ?? -1] : undefined
  return name === undefined || name === text ? text : `${text} (${name})`
}
