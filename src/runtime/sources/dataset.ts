import type { Settings } from '../../artefact/json.js'

/** One value of one row: numbers in row-major order, or text. */
export type ColumnValue = Float32Array | Uint8Array | BigInt64Array | string

/** What opens a source, in one file of this folder, named like the source. */
export interface SourceOpener {
  readonly name: string
  /** Opens the files. Throws DataMissing when they are absent. `root` is the project root. */
  open(settings: Settings, root: string): Promise<Dataset>
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
