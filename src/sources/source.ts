import type { Json, Settings } from '../artefact/json.js'
import type { DType } from '../graph/types.js'

/** The type of a column: a tensor per row, or text or a picture of any size, which only host functions can use. */
export type ColumnType =
  | { readonly kind: 'tensor'; readonly dtype: DType; readonly shape: readonly number[] }
  | { readonly kind: 'string' }
  /** In 8 bits a channel; of one size it is also a tensor [3, height, width], of bytes or of floats in [0, 1]. */
  | { readonly kind: 'picture'; readonly size: PictureSize | null }

export type PictureSize = readonly [height: number, width: number]

export const text: ColumnType = { kind: 'string' }
export const integer: ColumnType = { kind: 'tensor', dtype: 'i64', shape: [] }
export const anyPicture: ColumnType = { kind: 'picture', size: null }

/**
 * A source of rows, in one file of this folder: `data mnist = mnist(split = "test")`. What opens it is a file of the same
 * name in `src/runtime/sources`.
 */
export interface DataSource {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly SettingParameter[]
  /** What a row holds; needs no files, so that a pipeline checks with nothing present. */
  columns(settings: Settings): Readonly<Record<string, ColumnType>>
  /**
   * Of a source that reads one data set, which no other source reads: settings of which different values, of lists such as
   * have none in common, give other rows.
   */
  readonly apart?: readonly string[]
  /** How many rows it has, where the settings say so. */
  length?(settings: Settings): number | undefined
  /** Its rows come one after the other: it opens to a `RowStream`, and `shuffle` is one of its settings. */
  readonly streams?: true
}

/** The setting of every source of streams. */
export const shuffle: SettingParameter = {
  name: 'shuffle',
  kind: 'int',
  default: 1000,
  min: 0,
  doc: 'In training, how many rows wait in a buffer from which the next one is drawn. The files are taken in a shuffled order.',
}

export interface SettingParameter {
  readonly name: string
  readonly kind:
    | 'int'
    | 'float'
    | 'bool'
    | 'string'
    | 'path'
    | 'strings'
    | 'ints'
    | 'floats'
    /** Of a picture: a number, or height and width. */
    | 'size'
    /** A colour as `#rrggbb`. */
    | 'colour'
    /** A record that gives a type for each name: `{ image: "picture", label: "i64[]" }`. */
    | 'columns'
    /** A record of anything. */
    | 'record'
  readonly default?: Json
  /** The values that it may take (each element of a list). */
  readonly choices?: readonly Json[]
  /** The least and the greatest number that it may be (each element of a list). */
  readonly min?: number
  readonly max?: number
  readonly doc: string
}

/** A function of a `data { }` block, run on the host per row, in one file of `functions/`; what runs it, in `src/runtime/host-functions`. */
export interface HostFunction {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly (ColumnParameter | SettingParameter)[]
  /** It draws random numbers: its result differs from epoch to epoch. */
  readonly draws?: true
  /** Its result is kept for whoever asks for the same again, so that what it is made of may not draw. */
  readonly keeps?: true
  /** The type of the result for the given argument types and static arguments. */
  type(columns: Readonly<Record<string, ColumnType>>, settings: Settings): ColumnType
}

/** What a function may ask for, and the kind of column that gives it. */
export const taken = { text: 'string', picture: 'picture', numbers: 'tensor' } as const

/** A parameter that is evaluated for each row. */
export interface ColumnParameter {
  readonly name: string
  readonly kind: 'column'
  readonly takes: keyof typeof taken
  readonly default?: never
  readonly doc: string
}
