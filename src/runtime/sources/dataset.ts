import type { Settings } from '../../artefact/json.js'
import type { Picture } from '../pictures/picture.js'
import type { Unreadable } from './sample-unreadable.js'

/** Numbers of one row, in row-major order. */
export type TensorValue = Float32Array | Uint8Array | BigInt64Array

/** One value of one row: numbers, text, a picture, or why there is none. */
export type ColumnValue = TensorValue | string | Picture | Unreadable

/** The values of a row by column. */
export type Row = Readonly<Record<string, ColumnValue>>

/** What opens a source, in one file of this folder, named like the source. */
export interface SourceOpener {
  readonly name: string
  /** Opens the files. Throws DataMissing when they are absent. `root` is the project root. */
  open(settings: Settings, root: string): Promise<Dataset | RowStream>
}

/** Rows that can be asked for by their number: training goes through a permutation of all. */
export interface Dataset {
  readonly length: number
  /** The identity of the content: a hash of files and settings; part of the run's record. */
  readonly fingerprint: string
  /** What the numbers of a column stand for: the names of classes. */
  readonly names?: ReadonlyMap<string, readonly string[]>
  /**
   * Makes rows ready, where many at a time are faster than each by itself; awaited before `row` is asked for them. They
   * stay ready: runs at the same time may share a dataset.
   */
  prepare?(rows: readonly number[]): Promise<void>
  row(index: number): Row | Promise<Row>
  /** Some columns of all rows, where that is less work than the rows: labels without their pictures. */
  columns?(names: readonly string[]): Promise<readonly Row[]>
}

/**
 * Rows that come one after the other, from pieces ("shards") each of which can be read by itself: archives, files of
 * lines. Nobody knows how many there are until all are read. Training takes the shards in a shuffled order and the rows
 * through a buffer that shuffles; it goes on where a checkpoint left it, so reading begins in the middle of a shard.
 */
export interface RowStream {
  /** As for a data set. */
  readonly fingerprint: string
  readonly names?: ReadonlyMap<string, readonly string[]>
  readonly shards: number
  /** How many rows the buffer holds; with 0 and 1 the rows of a shard keep their order. */
  readonly shuffle: number
  /**
   * The rows of a shard from a place on: 0, or `at` or `next` of a row read before. Where `columns` are given, the
   * others may be left out. Any number of readers may be at work at the same time.
   */
  read(shard: number, from: number, columns?: readonly string[]): AsyncIterable<StreamRow>
}

/** A row of a shard. Places are whole numbers, and grow from row to row: bytes, lines. */
export interface StreamRow {
  readonly row: Row
  /** Reading from here gives this row first. */
  readonly at: number
  /** Reading from here gives the row behind it first. */
  readonly next: number
}

export const isStream = (rows: object): rows is RowStream => 'shards' in rows

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

/** One row of a stream. */
export async function rowAt(stream: RowStream, shard: number, at: number): Promise<Row> {
  for await (const { row } of stream.read(shard, at)) return row
  throw new DataInvalid(`shard ${shard + 1} has become shorter`, 'its files have changed')
}
