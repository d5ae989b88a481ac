import { readSettings } from '../../settings.js'
import type { HostFunction } from '../source.js'

const parameters = [
  { name: 'text', kind: 'column', takes: 'text', doc: 'The text.' },
  {
    name: 'tokenizer',
    kind: 'path',
    doc: "The directory of a model with its tokenizer's files: `tokenizer.json`, or `vocab.json` and `merges.txt`, or SigLIP's `spiece.model`.",
  },
  {
    name: 'length',
    kind: 'int',
    min: 1,
    max: 100_000,
    doc: 'Number of tokens of the result: longer texts lose their end, shorter ones are padded as the files say.',
  },
] as const

const tokenize: HostFunction = {
  name: 'tokenize',
  doc: "The ids of a text by the tokenizer of a model's directory, with begin and end, padded and cut as transformers does.",
  parameters,
  type: (_columns, settings) => ({
    kind: 'tensor',
    dtype: 'i64',
    shape: [readSettings(settings, parameters).number('length')],
  }),
}

export default tokenize
