import { ModelFolders } from '../../compiler/2-resolve/model-folders.js'
import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/tokenize.js'
import { TokenizerProblem, holdsTokenizer, vocabularies } from '../../text/tokenizer-files.js'
import { filesIn, tokenizerPlaces } from '../../text/tokenizer-folder.js'
import { DiskBinaryFiles } from '../binary-files.js'
import { DataInvalid, DataMissing } from '../sources/dataset.js'
import { SampleUnreadable } from '../sources/sample-unreadable.js'
import type { HostBody } from './host-body.js'

const help = '`dcrc fetch MODEL` fetches a model with its tokenizer'

const tokenize: HostBody = {
  name: declared.name,
  async prepare(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const from = read.string('tokenizer')
    const length = read.number('length')
    // Loaded here: what reads no text needs no tokenizer.
    const { ModelTokenizer } = await import('../../text/tokenizer.js')
    const folders = new ModelFolders(new DiskBinaryFiles(root))
    for (const place of tokenizerPlaces(from)) {
      const files = filesIn(folders, from, place, ({ path, why }) => {
        throw new DataInvalid(`${path}: ${why}`, help)
      })
      if (!holdsTokenizer(files)) continue
      const tokenizer = opened(() => ModelTokenizer.open(files), `${from}/${place}`)
      return ({ text }) => {
        if (typeof text !== 'string') throw new Error('tokenize got no text')
        try {
          return BigInt64Array.from(tokenizer.ids(text, length), BigInt)
        } catch (error) {
          const why = error instanceof Error ? error.message.slice(0, 120) : 'it gives no ids'
          throw new SampleUnreadable(JSON.stringify(text.slice(0, 60)), `its tokenizer fails: ${why}`)
        }
      }
    }
    const names = `${vocabularies.slice(0, -1).join(', ')} or ${vocabularies.at(-1)}`
    throw new DataMissing(`there is no ${names} in ${from}`, help)
  },
}

function opened<T>(open: () => T, folder: string): T {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof TokenizerProblem)) throw error
    throw new DataInvalid(`${folder}${error.file}: ${error.message}`, help)
  }
}

export default tokenize
