import type { Value } from '../../graph/graph.js'
import { localPass } from './pass.js'

/** More parts than a launch of CUDA's kernel takes along as its arguments. */
const mostParts = 32

/**
 * Where parts of unequal lengths are joined, CUDA's kernel writes a list of addresses and sends it to the device at every
 * step, which a captured graph would read again from the same place of the host. Equal ones go along with the launch.
 */
export const equalParts = localPass(
  {
    name: 'equal-parts',
    doc: 'Cuts what is joined into parts of one length, as long as they are few.',
    requires: [],
  },
  (findings) => ({
    node({ op, attributes, outputs: [out] }, inputs, { b }) {
      const axis = attributes['axis']
      if (op !== 'Concat' || typeof axis !== 'number' || !out) return undefined
      const parts = inputs.filter((v) => v !== null)
      const along = axis < 0 ? axis + out.type.shape.length : axis
      const lengths = parts.map(({ type }) => type.shape[along] ?? 0)
      const length = lengths.reduce(greatestCommonDivisor, 0)
      const count = length === 0 ? 0 : (out.type.shape[along] ?? 0) / length
      if (lengths.every((n) => n === length) || count === 0 || count > mostParts) return undefined
      findings.changed++
      const cut = (v: Value, k: number): readonly Value[] =>
        lengths[k] === length
          ? [v]
          : Array.from({ length: (lengths[k] ?? 0) / length }, (_, i) =>
              b.slice(v, along, i * length, (i + 1) * length),
            )
      return [b.concat(parts.flatMap(cut), along)]
    },
  }),
)

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b)
