/**
 * A data source of one's own: the default export of a module that a pipeline names,
 * `data pets = source("./pets.mjs", columns = { image: "picture", label: "i64[]" })`.
 */
export interface Source<Options = Record<string, unknown>> {
  open(context: {
    /** What the declaration gives as `options`. */
    readonly options: Options
    /** The folder of the project. */
    readonly root: string
  }): Rows | Promise<Rows>
}

export interface Rows {
  readonly length: number
  /** Another one for other content: a run that goes on compares it. The text of the module is part of it anyway. */
  readonly fingerprint: string
  /** What the numbers of a column stand for: the names of classes. */
  readonly names?: Readonly<Record<string, readonly string[]>>
  /** The row of a number from 0. What is thrown concerns this row alone: it is left out and listed. */
  row(index: number): Row | Promise<Row>
}

/** The declared columns; others are ignored. */
export type Row = Readonly<Record<string, Value>>

export type Value = Picture | string | Numbers

/** As many as the column's type holds, in row-major order. */
export type Numbers = number | bigint | boolean | ArrayLike<number> | readonly Numbers[]

/** The path of a file from the module, the bytes of a file, or pixels from the top left in red, green and blue. */
export type Picture =
  | string
  | Uint8Array
  | { readonly width: number; readonly height: number; readonly data: Uint8Array }
