/** The texts of the files that a tokenizer is read from; absent ones are undefined. */
export interface TokenizerFiles {
  readonly 'tokenizer.json': string | undefined
  readonly 'vocab.json': string | undefined
  readonly 'merges.txt': string | undefined
  readonly 'tokenizer_config.json': string | undefined
  readonly 'special_tokens_map.json': string | undefined
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
