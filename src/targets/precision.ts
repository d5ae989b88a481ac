import type { Precision } from './target.js'

/** For who computes in f32 alone, of weights that are rounded. */
export const roundedWeights: Precision = {
  arithmetic: [],
  held: 'f32',
  read: (b, parameter, type) => b.cast(b.cast(parameter, type), 'f32'),
}
