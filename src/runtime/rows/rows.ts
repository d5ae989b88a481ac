import type { Dataset, RowStream } from '../sources/dataset.js'

/** Several data sets and streams of which each gives a share of the rows. */
export interface Mixture {
  readonly fingerprint: string
  readonly parts: readonly {
    readonly rows: Dataset | RowStream
    readonly weight: number
  }[]
}

/** The rows of a data declaration. */
export type Rows = Dataset | RowStream | Mixture

export const isMixture = (rows: Rows): rows is Mixture => 'parts' in rows
