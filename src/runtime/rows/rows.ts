import type { Dataset, RowStream } from '../sources/dataset.js'

/** Rows that come the same way, with their place among the parts of the declaration. */
export interface Part<Of = Dataset | RowStream> {
  readonly index: number
  readonly rows: Of
}

/** Rows that are gone through together: those of one stream, or of any number of data sets. */
export interface Group {
  readonly weight: number
  readonly parts: readonly Part[]
}

/** The rows of a data declaration. */
export interface Rows {
  readonly fingerprint: string
  /** With more than one, training draws by weight which gives the next row. */
  readonly groups: readonly Group[]
}

/** A data set or stream by itself. */
export const onePart = (rows: Dataset | RowStream): Rows => ({
  fingerprint: rows.fingerprint,
  groups: [{ weight: 1, parts: [{ index: 0, rows }] }],
})
