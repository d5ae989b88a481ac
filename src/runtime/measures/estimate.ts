import type { Json } from '../../artefact/json.js'
import type { Spread } from './math/bootstrap.js'
import { finiteOrNull } from './results.js'

/**
 * A metric with its 95 % interval over rows, and what it is by chance. `std` is the deviation over what is random in the
 * measurement: that over rows, where a kind gives no other.
 */
export const estimate = (
  name: string,
  value: number,
  { std: ofRows, interval }: Spread,
  { chance, std = ofRows }: { readonly chance?: number; readonly std?: number } = {},
): Readonly<Record<string, Json>> => ({
  [name]: finiteOrNull(value),
  [`${name}_std`]: finiteOrNull(std),
  [`${name}_interval`]: interval.every(Number.isFinite) ? interval : null,
  ...(chance === undefined ? {} : { [`${name}_chance`]: finiteOrNull(chance) }),
})
