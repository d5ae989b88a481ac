import { type DType, formatType } from '../graph/types.js'
import { type ColumnType, type SettingParameter, anyPicture, integer, text } from './source.js'
import type { Json } from '../artefact/json.js'

const dtypes: readonly DType[] = ['f32', 'i64', 'u8', 'bool']

/** The type that a text such as `picture`, `text`, `label`, `i64[]` or `f32[4, 4]` names; undefined where it names none. */
export function columnType(name: string): ColumnType | undefined {
  if (name === 'picture') return anyPicture
  if (name === 'text') return text
  if (name === 'label') return integer
  const [, element, sizes = ''] = /^(\w+)\[([\d, ]*)\]$/.exec(name) ?? []
  const dtype = dtypes.find((d) => d === element)
  const shape = sizes.trim() === '' ? [] : sizes.split(',').map(Number)
  if (!dtype || shape.some((size) => !Number.isInteger(size) || size < 1)) return undefined
  return { kind: 'tensor', dtype, shape }
}

/** A type as a user reads it. */
export const columnText = (type: ColumnType): string =>
  type.kind === 'tensor' ? formatType(type) : type.kind === 'string' ? 'text' : 'picture'

/** The columns that a setting of the kind `columns` declares. */
export const declaredColumns = (setting: Json | undefined): Readonly<Record<string, ColumnType>> =>
  Object.fromEntries(
    Object.entries(typeof setting === 'object' && setting !== null ? setting : {}).flatMap(([name, type]) => {
      const found = typeof type === 'string' ? columnType(type) : undefined
      return found ? [[name, found]] : []
    }),
  )

/** Those of them that name classes, which are numbered. */
export const labelColumns = (setting: Json | undefined): readonly string[] =>
  Object.entries(typeof setting === 'object' && setting !== null ? setting : {}).flatMap(([name, type]) =>
    type === 'label' ? [name] : [],
  )

/** What the values of such columns are. */
export const labelNames: SettingParameter = {
  name: 'names',
  kind: 'strings',
  default: [],
  doc: 'The classes of columns of type `label`, in their order: `["cat", "dog"]`. Without them, those that occur, in the order of their names.',
}

/** The setting of sources whose files do not say what they hold until they are read. */
export const columns: SettingParameter = {
  name: 'columns',
  kind: 'columns',
  doc: 'The columns to read and their types: `picture`, `text`, `label` (classes, which are numbered), `i64[]`, `f32[4]`, ...',
}
