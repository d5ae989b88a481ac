import type { Manifest } from '../artefact/manifest.js'
import type { Span } from '../diagnostics/diagnostic.js'
import { placeOf } from '../faults/graph-fault.js'
import type { Origin } from './step-loop.js'

/** What is said of the first value of a step that was not finite, and its place in the source where the text is at hand. */
export function describeOrigin(
  origin: Origin,
  manifest: Manifest,
  texts: ReadonlyMap<string, string> = new Map(),
): { readonly words: string; readonly span: Span | undefined } {
  if ('input' in origin)
    return { words: `\`${origin.input}\`, which the step reads, holds ${origin.value}`, span: undefined }
  const { file, node, operator, reads, gives } = origin
  const place = placeOf(manifest, file, node)
  const ranges = reads.map(({ name, shape, low, high }) => {
    const size = shape.length === 0 ? '' : ` f32[${shape.join(', ')}]`
    return low <= high
      ? `\`${name}\`${size} from ${short(low)} to ${short(high)}`
      : `\`${name}\`${size} of NaN`
  })
  const words = `the first that is not finite is \`${operator}\`${place === undefined ? '' : ` of ${place}`}: it gives ${gives}${ranges.length === 0 ? '' : ` of ${ranges.join(' and ')}`}`
  return { words, span: place === undefined ? undefined : spanOf(place, texts) }
}

const short = (value: number): string => String(Number(value.toPrecision(4)))

/** The place of a `file:line:column`, up to the end of the word there. */
function spanOf(place: string, texts: ReadonlyMap<string, string>): Span | undefined {
  const [, file = '', line = '', column = ''] = /^(.*):(\d+):(\d+)$/.exec(place) ?? []
  const text = texts.get(file)
  if (text === undefined) return undefined
  const start =
    text
      .split('\n')
      .slice(0, Number(line) - 1)
      .reduce((sum, before) => sum + before.length + 1, 0) +
    Number(column) -
    1
  const [word = ''] = /^\w*/.exec(text.slice(start)) ?? []
  return { file, start, end: start + Math.max(1, word.length) }
}
