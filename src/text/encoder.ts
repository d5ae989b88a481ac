/** The ids of a text: its own, and those that begin and end it, which stay when it is cut. */
export interface Encoded {
  readonly head: readonly number[]
  readonly content: readonly number[]
  readonly tail: readonly number[]
}

/** What makes ids of texts, before they are cut and padded. */
export interface Encoder {
  encode(text: string): Encoded
  idOf(token: string): number | undefined
}
