import type { Settings } from '../../artefact/json.js'
import type { ColumnValue, Row } from '../sources/dataset.js'

/**
 * Random numbers of one call for one row of one epoch: the same in every run of a seed, whatever came before and on
 * whichever thread.
 */
export interface Draws {
  /** The next fraction in [0, 1). */
  uniform(): number
}

/** A function on the values of one row, by parameter. */
export type HostCall = (columns: Row, draws: Draws) => ColumnValue | Promise<ColumnValue>

/** What runs a host function, in one file of this folder, named like the function. */
export interface HostBody {
  readonly name: string
  /** Prepares once (reads a vocabulary, ...), then gives the function on one row. */
  prepare(settings: Settings, root: string): Promise<HostCall>
}
