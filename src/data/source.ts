import type { Json, Settings } from '../artefact/json.js'
import type { DType } from '../graph/types.js'

/** The type of a column: a tensor per row, or text that only host functions can use. */
export type ColumnType =
  | { readonly kind: 'tensor'; readonly dtype: DType; readonly shape: readonly number[] }
  | { readonly kind: 'string' }

/** One value of one row: numbers in row-major order, or text. */
export type ColumnValue = Float32Array | Uint8Array | BigInt64Array | string

/** A source of rows, in one file of this folder: `data mnist = mnist(split = "test")`. */
export interface DataSource {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly SettingParameter[]
  /** What a row holds; needs no files, so that a pipeline checks with nothing present. */
  columns(settings: Settings): Readonly<Record<string, ColumnType>>
  /** Opens the files. Throws DataMissing when they are absent. `root` is the project root. */
  open(settings: Settings, root: string): Promise<Dataset>
}

export interface SettingParameter {
  readonly name: string
  readonly kind: 'int' | 'float' | 'bool' | 'string' | 'strings' | 'ints' | 'floats'
  readonly default?: Json
  /** The values that it may take (each element of a list). */
  readonly choices?: readonly Json[]
  /** The least number that it may be (each element of a list). */
  readonly min?: number
  readonly doc: string
}

export interface Dataset {
  readonly length: number
  /** The identity of the content: a hash of files and settings; part of the run's record. */
  readonly fingerprint: string
  /**
   * Makes rows ready, where that takes time; awaited before `row` is asked for them. They stay ready: runs at the same
   * time may share a dataset.
   */
  prepare?(rows: readonly number[]): Promise<void>
  row(index: number): Readonly<Record<string, ColumnValue>>
}

/** Files of a source are not there: what is missing and how to get it. */
export class DataMissing extends Error {
  constructor(
    message: string,
    readonly help: string,
  ) {
    super(message)
  }
}

/** Files of a source are there but do not hold what they should; the user's files are at fault, not the program. */
export class DataInvalid extends Error {
  constructor(
    message: string,
    readonly help: string,
  ) {
    super(message)
  }
}

/** A function of a `data { }` block, run on the host per row, in one file of `functions/`. */
export interface HostFunction {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly {
    readonly name: string
    readonly kind: 'column' | 'int' | 'float' | 'string'
    readonly default?: Json
    readonly doc: string
  }[]
  /** The type of the result for the given argument types and static arguments. */
  type(columns: Readonly<Record<string, ColumnType>>, settings: Settings): ColumnType
  /** Prepares once (reads a vocabulary, ...), then gives the function on one row. */
  prepare(
    settings: Settings,
    root: string,
  ): Promise<(columns: Readonly<Record<string, ColumnValue>>) => ColumnValue>
}
