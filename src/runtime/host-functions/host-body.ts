import type { Settings } from '../../artefact/json.js'
import type { ColumnValue } from '../sources/dataset.js'

/** What runs a host function, in one file of this folder, named like the function. */
export interface HostBody {
  readonly name: string
  /** Prepares once (reads a vocabulary, ...), then gives the function on one row. */
  prepare(
    settings: Settings,
    root: string,
  ): Promise<(columns: Readonly<Record<string, ColumnValue>>) => ColumnValue>
}
