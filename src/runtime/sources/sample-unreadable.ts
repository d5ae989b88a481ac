/** A sample cannot be used: it is left out, counted and listed. */
export class SampleUnreadable extends Error {
  constructor(
    /** Where it lies: a file, or a key in one. */
    readonly sample: string,
    readonly reason: string,
  ) {
    super(`${sample}: ${reason}`)
  }
}

/** A value of a row that cannot be had: a member that is missing, text where a number should be. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly sample: string
  readonly reason: string
}

export const unreadable = (sample: string, reason: string): Unreadable => ({
  kind: 'unreadable',
  sample,
  reason,
})
