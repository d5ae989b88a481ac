import type { Charsmap, Replaced } from './charsmap.js'
import type { NormalizerSpec } from './model.js'

/** What sentencepiece writes for a space. */
export const space = '\u2581'

/** A text as its pieces are looked for in. Source: sentencepiece, normalizer.cc (Normalize). */
export function normalized(text: string, charsmap: Charsmap, spec: NormalizerSpec): string {
  const bytes = new TextEncoder().encode(text)
  const { addDummyPrefix, removeExtraWhitespaces } = spec
  const next = (at: number): Replaced => charsmap.longest(bytes, at) ?? character(bytes, at)
  let at = 0
  if (removeExtraWhitespaces)
    for (let part = next(at); at < bytes.length && part.text === ' '; part = next(at)) at += part.length
  if (at >= bytes.length) return ''
  let result = addDummyPrefix ? space : ''
  let isBehindSpace = removeExtraWhitespaces
  while (at < bytes.length) {
    const part = next(at)
    const rest = isBehindSpace ? part.text.replace(/^ +/, '') : part.text
    if (rest !== '') {
      result += rest.replaceAll(' ', space)
      isBehindSpace = rest.endsWith(' ')
    }
    at += part.length
    if (!removeExtraWhitespaces) isBehindSpace = false
  }
  return removeExtraWhitespaces ? result.replace(/\u2581+$/, '') : result
}

function character(bytes: Uint8Array, at: number): Replaced {
  const first = bytes[at] ?? 0
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  return {
    text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(at, at + length)),
    length,
  }
}
