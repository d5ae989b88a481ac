import { type TokenizerFiles, tokenizerFiles } from './tokenizer-files.js'

/** The tokenizers of large models have some 20 MB. */
export const largestFile = 64 * 1024 * 1024

/** Where a model's tokenizer may lie: in its directory or, as Stable Diffusion has it, in the one beside its text encoder. */
export function tokenizerPlaces(from: string): readonly string[] {
  const encoder = /(?:^|\/)text_encoder(_\d+)?\/?$/.exec(from)
  return encoder ? ['', `../tokenizer${encoder[1] ?? ''}/`] : ['']
}

interface Refused {
  readonly kind: 'refused'
  readonly path: string
  readonly why: string
}

/** Model directories, as the compiler reads them. */
interface Folders {
  read(
    from: string,
    name: string,
    most: number,
  ): Refused | { readonly kind: 'absent' } | { readonly kind: 'text'; readonly text: string }
  readBytes(
    from: string,
    name: string,
    most: number,
  ): Refused | { readonly kind: 'absent' } | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
}

/** The files of a tokenizer in one of its places; `refuse` tells of one that cannot be taken. */
export const filesIn = (
  folders: Folders,
  from: string,
  place: string,
  refuse: (file: Refused) => never,
): TokenizerFiles =>
  tokenizerFiles({
    text(name) {
      const file = folders.read(from, place + name, largestFile)
      if (file.kind === 'refused') return refuse(file)
      return file.kind === 'text' ? file.text : undefined
    },
    bytes(name) {
      const file = folders.readBytes(from, place + name, largestFile)
      if (file.kind === 'refused') return refuse(file)
      return file.kind === 'bytes' ? file.bytes : undefined
    },
  })
