import type { Json, Settings } from '../artefact/json.js'
import type { DType } from '../graph/types.js'

/** The type of a column: a tensor per row, or text that only host functions can use. */
export type ColumnType =
  | { readonly kind: 'tensor'; readonly dtype: DType; readonly shape: readonly number[] }
  | { readonly kind: 'string' }

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
  readonly kind: 'int' | 'float' | 'bool' | 'string' | 'path' | 'strings' | 'ints' | 'floats'
  readonly default?: Json
  /** The values that it may take (each element of a list). */
  readonly choices?: readonly Json[]
  /** The least number that it may be (each element of a list). */
  readonly min?: number
  readonly doc: string
}

/** A function of a `data { }` block, run on the host per row, in one file of `functions/`; what runs it, in `src/runtime/host-functions`. */
export interface HostFunction {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly {
    readonly name: string
    readonly kind: 'column' | 'int' | 'float' | 'string' | 'path'
    readonly default?: Json
    readonly doc: string
  }[]
  /** The type of the result for the given argument types and static arguments. */
  type(columns: Readonly<Record<string, ColumnType>>, settings: Settings): ColumnType
}
