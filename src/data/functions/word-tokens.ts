import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSettings } from '../../settings.js'
import { wordsOf } from '../files/words.js'
import { DataMissing, type HostFunction } from '../source.js'

/** Ids before the first word: 0 pads, 1 stands for every word that the vocabulary lacks. */
const padding = 0
const unknown = 1
const firstWord = 2

const parameters = [
  { name: 'text', kind: 'column', doc: 'The text, lower-cased and cut into runs of letters and digits.' },
  { name: 'length', kind: 'int', doc: 'Number of tokens of the result; longer texts lose their last words.' },
  { name: 'vocabulary', kind: 'string', doc: 'A file with one word a line, relative to the project root.' },
] as const

/**
 * A word-level tokenizer. With V = words + 4 ids: 0 padding, 1 unknown, the words from 2, begin = V - 2, end = V - 1.
 * The end token has the largest id, so that its place is the argmax of the ids, as in CLIP.
 */
const wordTokens: HostFunction = {
  name: 'word_tokens',
  doc: 'The ids of the words of a text between a begin and an end token, padded with 0.',
  parameters,
  type(_columns, settings) {
    return { kind: 'tensor', dtype: 'i64', shape: [readSettings(settings, parameters).number('length')] }
  },
  async prepare(settings, root) {
    const read = readSettings(settings, parameters)
    const length = read.number('length')
    const ids = vocabulary(join(root, read.string('vocabulary')))
    const [begin, end] = [firstWord + ids.size, firstWord + ids.size + 1]
    return ({ text }) => {
      if (typeof text !== 'string') throw new Error('word_tokens got no text')
      const words = wordsOf(text).slice(0, Math.max(length - 2, 0))
      const tokens = [begin, ...words.map((word) => ids.get(word) ?? unknown), end].slice(0, length)
      const out = new BigInt64Array(length).fill(BigInt(padding))
      tokens.forEach((token, i) => (out[i] = BigInt(token)))
      return out
    }
  },
}

function vocabulary(file: string): ReadonlyMap<string, number> {
  if (!existsSync(file))
    throw new DataMissing(`the vocabulary ${file} is missing`, 'a text file with one word a line')
  const words = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '')
  return new Map(words.map((word, i) => [word, i + firstWord]))
}

export default wordTokens
