import { Tokenizer } from '@huggingface/tokenizers'
import { clipTokenizer } from './clip-bpe.js'
import { letterByLetter } from './lower-case.js'
import { within } from './time-limit.js'
import { type TokenizerFiles, TokenizerProblem } from './tokenizer-files.js'

type Settings = Readonly<Record<string, unknown>>

/** Longer than any model reads: what transformers writes where a tokenizer has no limit is 1e30. */
const longest = 100_000

/** Seconds for one text; a page of text takes some thousandths. */
const patience = 2

/** A tokenizer as a model's directory has it, with the padding and truncation of transformers. */
export class ModelTokenizer {
  /** Tokens of a text, where the files say it. */
  readonly length: number | undefined
  private readonly padding: number
  private readonly left: { readonly padding: boolean; readonly truncation: boolean }

  private constructor(
    private readonly tokenizer: Tokenizer,
    settings: Settings,
  ) {
    const { model_max_length: most } = settings
    this.length =
      typeof most === 'number' && Number.isInteger(most) && most > 0 && most < longest ? most : undefined
    const pad = tokenText(settings['pad_token']) ?? tokenText(settings['eos_token']) ?? ''
    this.padding = tokenizer.token_to_id(pad) ?? 0
    this.left = {
      padding: settings['padding_side'] === 'left',
      truncation: settings['truncation_side'] === 'left',
    }
  }

  /** Throws TokenizerProblem. */
  static open(files: TokenizerFiles): ModelTokenizer {
    const settings = {
      ...objectOf(files, 'special_tokens_map.json'),
      ...objectOf(files, 'tokenizer_config.json'),
    }
    const file = files['tokenizer.json'] === undefined ? 'vocab.json' : 'tokenizer.json'
    const whole = objectOf(files, 'tokenizer.json')
    try {
      const made = whole ? { json: whole, settings } : fromVocabulary(files, settings)
      const json = { ...made.json, normalizer: letterByLetter(made.json['normalizer']) }
      return new ModelTokenizer(new Tokenizer(json, made.settings), made.settings)
    } catch (error) {
      if (error instanceof TokenizerProblem) throw error
      throw new TokenizerProblem(file, `it is no tokenizer that can be read: ${brief(error)}`)
    }
  }

  /** The ids of a text, cut or padded to a length; begin and end stay. Throws TimeLimit. */
  ids(text: string, length: number): readonly number[] {
    // The patterns by which a text is split come from the file.
    const [ids, content] = within(patience, () => [
      this.tokenizer.encode(text).ids,
      this.tokenizer.encode(text, { add_special_tokens: false }).ids,
    ])
    const fitting = ids.length > length ? this.cut(ids, content, length) : ids
    const rest = Array.from({ length: length - fitting.length }, () => this.padding)
    return this.left.padding ? [...rest, ...fitting] : [...fitting, ...rest]
  }

  private cut(ids: readonly number[], content: readonly number[], length: number): readonly number[] {
    const before = startOf(ids, content)
    const head = ids.slice(0, before)
    const tail = ids.slice(before + content.length)
    const room = Math.max(length - head.length - tail.length, 0)
    const kept = this.left.truncation ? content.slice(content.length - room) : content.slice(0, room)
    return [...head, ...kept, ...tail].slice(0, length)
  }
}

/** Where the ids of the text itself begin among those with begin and end. */
function startOf(ids: readonly number[], content: readonly number[]): number {
  for (let k = 0; k + content.length <= ids.length; k++)
    if (content.every((id, i) => ids[k + i] === id)) return k
  return 0
}

function fromVocabulary(files: TokenizerFiles, settings: Settings): { json: Settings; settings: Settings } {
  const name = settings['tokenizer_class']
  if (typeof name === 'string' && !/^CLIPTokenizer(Fast)?$/.test(name))
    throw new TokenizerProblem(
      'tokenizer_config.json',
      `it is a ${name}; of tokenizers without tokenizer.json only CLIPTokenizer is known`,
    )
  return clipTokenizer(
    objectOf(files, 'vocab.json') ?? {},
    files['merges.txt'] ?? '',
    { bos: tokenText(settings['bos_token']), eos: tokenText(settings['eos_token']) },
    settings,
  )
}

/** A special token is a text, or an object with one. */
function tokenText(token: unknown): string | undefined {
  if (typeof token === 'string') return token
  if (typeof token !== 'object' || token === null || !('content' in token)) return undefined
  return typeof token.content === 'string' ? token.content : undefined
}

function objectOf(files: TokenizerFiles, name: keyof TokenizerFiles): Settings | undefined {
  const text = files[name]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    throw new TokenizerProblem(name, 'it is not valid JSON')
  }
  throw new TokenizerProblem(name, 'it is no object in braces')
}

const brief = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 120)
