const texts = [
  'tokenizer.json',
  'vocab.json',
  'merges.txt',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'config.json',
] as const

const binaries = ['spiece.model'] as const

export type TokenizerTexts = (typeof texts)[number]
export type TokenizerBinaries = (typeof binaries)[number]

/** The contents of the files that a tokenizer is read from; absent ones are undefined. */
export type TokenizerFiles = Readonly<
  Record<TokenizerTexts, string | undefined> & Record<TokenizerBinaries, Uint8Array | undefined>
>

/** The files that hold a vocabulary: where none of them is there, there is no tokenizer. */
export const vocabularies = ['tokenizer.json', 'vocab.json', 'spiece.model'] as const

export const holdsTokenizer = (files: TokenizerFiles): boolean =>
  vocabularies.some((name) => files[name] !== undefined)

/** The files of a directory that a tokenizer is read from. */
export function tokenizerFiles(read: {
  readonly text: (name: TokenizerTexts) => string | undefined
  readonly bytes: (name: TokenizerBinaries) => Uint8Array | undefined
}): TokenizerFiles {
  const found = [
    ...texts.map((name) => [name, read.text(name)] as const),
    ...binaries.map((name) => [name, read.bytes(name)] as const),
  ]
  return Object.fromEntries(found) as TokenizerFiles
}

/** Why a tokenizer cannot be made, in a user's words, and the file at fault. */
export class TokenizerProblem extends Error {
  constructor(
    readonly file: keyof TokenizerFiles,
    message: string,
  ) {
    super(message)
  }
}
