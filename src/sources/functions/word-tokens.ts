import { readSettings } from '../../settings.js'
import type { HostFunction } from '../source.js'

const parameters = [
  {
    name: 'text',
    kind: 'column',
    takes: 'text',
    doc: 'The text, lower-cased and cut into runs of letters and digits.',
  },
  { name: 'length', kind: 'int', doc: 'Number of tokens of the result; longer texts lose their last words.' },
  { name: 'vocabulary', kind: 'path', doc: 'A file with one word a line.' },
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
}

export default wordTokens
