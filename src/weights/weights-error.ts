/** Why weights are not read: the file breaks its format, holds what is never read, or leaves open which weights are meant. */
export type WeightsFault = 'damaged' | 'refused' | 'ambiguous'

/** Weights that cannot be read, for a reason that lies in a file. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError'
  constructor(
    readonly file: string,
    readonly problem: string,
    readonly fault: WeightsFault = 'damaged',
    readonly help?: string,
  ) {
    super(`${file}: ${problem}`)
  }
}
