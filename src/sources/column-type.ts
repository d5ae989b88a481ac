import { type DType, formatType } from '../graph/types.js'
import { type ColumnType, type SettingParameter, anyPicture, integer, text } from './source.js'
import type { Json } from '../artefact/json.js'

const dtypes: readonly DType[] = ['f32', 'i64', 'u8', 'bool']

/** A column that a pipeline declares, under its name there. */
export interface DeclaredColumn {
  readonly name: string
  /** What the file calls it. */
  readonly inFile: string
  readonly type: ColumnType
  /** Whether its values name classes, which are numbered. */
  readonly isLabel: boolean
}

/** `i64[]`, or `picture of Picture Path` for a column that the file calls otherwise. */
const parts = (text: string): readonly [type: string, inFile: string | undefined] => {
  const at = text.indexOf(' of ')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + ' of '.length)]
}

/**
 * The type that a text such as `picture`, `text`, `label`, `i64[]`, `f32[4, 4]` or `text of The Caption` names; undefined
 * where it names none.
 */
export const columnType = (text: string): ColumnType | undefined => typeNamed(parts(text)[0])

function typeNamed(name: string): ColumnType | undefined {
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
export const columnsIn = (setting: Json | undefined): readonly DeclaredColumn[] =>
  Object.entries(typeof setting === 'object' && setting !== null ? setting : {}).flatMap(([name, text]) => {
    const [named, inFile = name] = typeof text === 'string' ? parts(text) : ['']
    const type = typeNamed(named)
    return type ? [{ name, inFile, type, isLabel: named === 'label' }] : []
  })

/** Their types by their names. */
export const declaredColumns = (setting: Json | undefined): Readonly<Record<string, ColumnType>> =>
  Object.fromEntries(columnsIn(setting).map(({ name, type }) => [name, type]))

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
  doc: 'The columns to read and their types: `picture`, `text`, `label` (classes, which are numbered), `i64[]`, `f32[4]`, ...; `{ path: "picture of Picture Path" }` where the file calls one otherwise.',
}
