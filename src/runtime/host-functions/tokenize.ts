import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/tokenize.js'
import { type TokenizerFiles, TokenizerProblem } from '../../text/tokenizer-files.js'
import { DataInvalid, DataMissing } from '../sources/dataset.js'
import type { HostBody } from './host-body.js'

const help = '`dcrc fetch MODEL` fetches a model with its tokenizer'

const tokenize: HostBody = {
  name: declared.name,
  async prepare(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const folder = resolve(root, read.string('tokenizer'))
    const length = read.number('length')
    // Loaded here: what reads no text needs no tokenizer.
    const { ModelTokenizer } = await import('../../text/tokenizer.js')
    const files: TokenizerFiles = {
      'tokenizer.json': textOf(folder, 'tokenizer.json'),
      'vocab.json': textOf(folder, 'vocab.json'),
      'merges.txt': textOf(folder, 'merges.txt'),
      'tokenizer_config.json': textOf(folder, 'tokenizer_config.json'),
      'special_tokens_map.json': textOf(folder, 'special_tokens_map.json'),
    }
    if (files['tokenizer.json'] === undefined && files['vocab.json'] === undefined)
      throw new DataMissing(`there is no tokenizer.json or vocab.json in ${folder}`, help)
    try {
      const tokenizer = ModelTokenizer.open(files)
      return ({ text }) => {
        if (typeof text !== 'string') throw new Error('tokenize got no text')
        return BigInt64Array.from(tokenizer.ids(text, length), BigInt)
      }
    } catch (error) {
      if (!(error instanceof TokenizerProblem)) throw error
      throw new DataInvalid(`${join(folder, error.file)}: ${error.message}`, help)
    }
  },
}

function textOf(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return undefined
  }
}

export default tokenize
