import { Tokenizer } from '@huggingface/tokenizers'
import type { Encoded, Encoder } from './encoder.js'
import { letterByLetter } from './lower-case.js'
import type { Settings } from './settings.js'

/** A tokenizer as a `tokenizer.json` has it. */
export class JsonEncoder implements Encoder {
  private readonly tokenizer: Tokenizer

  constructor(json: Settings, settings: Settings) {
    this.tokenizer = new Tokenizer({ ...json, normalizer: letterByLetter(json['normalizer']) }, settings)
  }

  idOf(token: string): number | undefined {
    return this.tokenizer.token_to_id(token)
  }

  encode(text: string): Encoded {
    const { ids } = this.tokenizer.encode(text)
    const content = this.tokenizer.encode(text, { add_special_tokens: false }).ids
    const start = startOf(ids, content)
    return { head: ids.slice(0, start), content, tail: ids.slice(start + content.length) }
  }
}

/** Where the ids of the text itself begin among those with begin and end. */
function startOf(ids: readonly number[], content: readonly number[]): number {
  for (let k = 0; k + content.length <= ids.length; k++)
    if (content.every((id, i) => ids[k + i] === id)) return k
  return 0
}
