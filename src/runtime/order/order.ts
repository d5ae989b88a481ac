import type { Row } from '../sources/dataset.js'
import type { Cursor } from './cursor.js'

/** A row as it is taken: what a host function draws for it follows from `epoch` and `id`, which names it in its data set. */
export interface Sample {
  /** Which part of its declaration it comes from. */
  readonly part: number
  readonly row: Row
  readonly epoch: number
  readonly id: string
}

/** Whose turn it is: the number of a row among those that all ranks take, and among those of this one. */
export interface Turn {
  readonly all: number
  readonly own: number
}

/** One of several processes that train together, each on rows of its own. */
export interface Rank {
  readonly rank: number
  readonly world: number
}

export const alone: Rank = { rank: 0, world: 1 }

/** What an order follows from, beside the rows. */
export interface OrderKey extends Rank {
  readonly seed: number
  /** Of the data declaration. */
  readonly data: string
}

/** Rows in the order of training, epoch after epoch without end: a pure function of the key and the turn. */
export interface Order<At extends Cursor = Cursor> {
  /** The rows of some turns, which grow. To go back is possible, and may read everything again. */
  take(turns: readonly Turn[]): Promise<readonly Sample[]>
  /** Where it stands, for an order that reaches a turn only by reading what lies before it. */
  cursor(): At | null
  close(): Promise<void>
}
