import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { readFileSync } from '../../disk.js'
import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/word-tokens.js'
import { DataMissing } from '../sources/dataset.js'
import { wordsOf } from '../sources/files/words.js'
import type { HostBody } from './host-body.js'

/** Ids before the first word: 0 pads, 1 stands for every word that the vocabulary lacks. */
const padding = 0
const unknown = 1
const firstWord = 2

const wordTokens: HostBody = {
  name: declared.name,
  async prepare(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const length = read.number('length')
    const ids = vocabulary(resolve(root, read.string('vocabulary')))
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
