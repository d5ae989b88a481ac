import { type AddedToken, specialTokens, statedTokens } from './added-tokens.js'
import type { Encoded, Encoder } from './encoder.js'
import { SentencepieceProblem } from './sentencepiece/model.js'
import { space } from './sentencepiece/normalize.js'
import { Unigram } from './sentencepiece/unigram.js'
import { type Settings, isSettings, tokenText } from './settings.js'
import { type TokenizerFiles, TokenizerProblem } from './tokenizer-files.js'

/** Python's idea of white space, and its string.punctuation. */
const white = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`
const inRow = new RegExp(`${white}+`, 'g')
const atStart = new RegExp(`^${white}+`)
const atEnd = new RegExp(`${white}+$`)
const punctuation = /[!-/:-@[-`{-~]/g

/**
 * SigLIP's tokenizer: small letters without punctuation, split by a sentencepiece model. Source: transformers 5,
 * models/siglip/tokenization_siglip.py; tokenization_python.py (tokenize).
 */
export class SiglipEncoder implements Encoder {
  private readonly unigram: Unigram
  private readonly added: ReadonlyMap<string, AddedToken & { readonly id: number }>
  private readonly splitter: RegExp
  private readonly lowers: boolean
  private readonly unknown: string
  private readonly end: number

  /** Throws TokenizerProblem. */
  constructor(model: Uint8Array, files: TokenizerFiles, given: Settings) {
    const { sp_model_kwargs: sampling } = given
    if (isSettings(sampling) && Object.keys(sampling).length > 0)
      throw new TokenizerProblem('tokenizer_config.json', '`sp_model_kwargs` is not read')
    try {
      this.unigram = new Unigram(model)
    } catch (error) {
      if (!(error instanceof SentencepieceProblem)) throw error
      throw new TokenizerProblem('spiece.model', error.message)
    }
    const settings = withDefaults(given)
    this.lowers = settings['do_lower_case'] !== false
    this.added = addedTo(this.unigram, files, settings)
    const longestFirst = [...this.added.keys()].toSorted((a, b) => b.length - a.length)
    this.splitter = new RegExp(`(${longestFirst.map((token) => token.replace(/\W/g, '\\$&')).join('|')})`)
    this.unknown = tokenText(settings['unk_token']) ?? ''
    this.end = this.idOf(tokenText(settings['eos_token']) ?? '') ?? 0
  }

  idOf(token: string): number | undefined {
    return this.added.get(token)?.id ?? this.unigram.idOf(token)
  }

  encode(text: string): Encoded {
    const parts = (space + text.replaceAll(space, ' ')).split(this.splitter)
    for (const [k, part] of parts.entries()) {
      const token = k % 2 === 1 ? this.added.get(part) : undefined
      if (token?.rstrip) parts[k + 1] = (parts[k + 1] ?? '').replace(atStart, '')
      if (token?.lstrip) parts[k - 1] = (parts[k - 1] ?? '').replace(atEnd, '')
    }
    const ids = parts.map((part, k) => (k % 2 === 1 ? [this.idOf(part) ?? 0] : this.pieces(part)))
    const [[only, ...others] = [], ...rest] = ids
    const isAlone = only === this.unigram.idOf(space) && others.length === 0
    const content = isAlone && this.added.get(parts[1] ?? '')?.special ? rest.flat() : ids.flat()
    const isEnded = content.at(-1) === this.end
    return { head: [], content: isEnded ? content.slice(0, -1) : content, tail: [this.end] }
  }

  /** The unknown token stands before the text, so that a space at its beginning is seen, and is cut off again. */
  private pieces(text: string): readonly number[] {
    if (text === '') return []
    const small = this.lowers ? text.toLowerCase() : text
    const plain = small.replace(punctuation, '').replace(inRow, ' ').replace(atStart, '').replace(atEnd, '')
    const skipped = this.unigram.encode(this.unknown).length
    return this.unigram.encode(this.unknown + plain).slice(skipped)
  }
}

/** What SiglipTokenizer's constructor makes of tokens that are not given, or given as texts. */
function withDefaults(settings: Settings): Settings {
  const defaults = { eos_token: '</s>', unk_token: '<unk>', pad_token: '</s>' }
  const tokens = Object.entries(defaults).map(([name, standard]) => {
    const given = settings[name] ?? standard
    return [name, typeof given === 'string' ? { content: given, lstrip: true, rstrip: true } : given]
  })
  return { ...settings, ...Object.fromEntries(tokens) }
}

/** Added tokens by their texts: as stated, then the special ones, with the ids of their pieces or new ones. */
function addedTo(
  unigram: Unigram,
  files: TokenizerFiles,
  settings: Settings,
): ReadonlyMap<string, AddedToken & { readonly id: number }> {
  const added = new Map<string, AddedToken & { readonly id: number }>()
  for (const [id, token] of statedTokens(files, settings).tokens) added.set(token.content, { ...token, id })
  for (const token of specialTokens(settings)) {
    if (added.has(token.content)) continue
    const beyond = [...added.values()].filter(({ id }) => id >= unigram.size).length
    added.set(token.content, { ...token, id: unigram.idOf(token.content) ?? unigram.size + beyond })
  }
  return added
}
