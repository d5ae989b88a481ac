import type { Manifest } from '../artefact/manifest.js'
import { placeOf } from '../faults/graph-fault.js'
import type { Origin } from './step-loop.js'

/** What is said of the first value of a step that was not finite, and the place of what makes it. */
export function describeOrigin(
  origin: Origin,
  manifest: Manifest,
): { readonly words: string; readonly place: string | undefined; readonly isWritten: boolean } {
  if ('input' in origin)
    return {
      words: `\`${origin.input}\`, which the step reads, holds ${origin.value}`,
      place: undefined,
      isWritten: false,
    }
  const { file, node, operator, reads, gives, written } = origin
  const place = placeOf(manifest, file, node)
  const ranges = reads.map(({ name, shape, low, high }) => {
    const size = shape.length === 0 ? '' : ` f32[${shape.join(', ')}]`
    return low <= high
      ? `\`${name}\`${size} from ${short(low)} to ${short(high)}`
      : `\`${name}\`${size} of NaN`
  })
  const words = `the first that is not finite is \`${operator}\`${place === undefined ? '' : ` of ${place}`}: it gives ${gives}${ranges.length === 0 ? '' : ` of ${ranges.join(' and ')}`}`
  return { words, place, isWritten: written }
}

const short = (value: number): string => String(Number(value.toPrecision(4)))
