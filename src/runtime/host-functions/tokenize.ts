import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/tokenize.js'
import { TokenizerProblem, holdsTokenizer, tokenizerFiles, vocabularies } from '../../text/tokenizer-files.js'
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
    const files = tokenizerFiles({
      text: (name) => bytesOf(folder, name)?.toString('utf8'),
      bytes: (name) => bytesOf(folder, name),
    })
    if (!holdsTokenizer(files)) {
      const names = `${vocabularies.slice(0, -1).join(', ')} or ${vocabularies.at(-1)}`
      throw new DataMissing(`there is no ${names} in ${folder}`, help)
    }
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

function bytesOf(folder: string, name: string): Buffer | undefined {
  try {
    return readFileSync(join(folder, name))
  } catch {
    return undefined
  }
}

export default tokenize
