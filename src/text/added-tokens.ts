import { type Settings, isSettings, objectOf, tokenText } from './settings.js'
import { type TokenizerFiles, type TokenizerTexts, TokenizerProblem } from './tokenizer-files.js'

/** A token that texts are split at before anything else looks at them. */
export interface AddedToken {
  readonly content: string
  readonly lstrip: boolean
  readonly rstrip: boolean
  readonly normalized: boolean
  readonly special: boolean
}

/** Tokens that files beside the vocabulary add, by the ids that these files state. */
export interface StatedTokens {
  readonly file: TokenizerTexts
  readonly tokens: ReadonlyMap<number, AddedToken>
}

/** In the order in which transformers adds those that are not there. */
const specialNames = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map((name) => `${name}_token`)

/** The special tokens by their roles, those without a role behind them. */
export function specialTokens(settings: Settings): readonly AddedToken[] {
  const extra = ['additional_special_tokens', 'extra_special_tokens'].map((name) => settings[name])
  const said = [...specialNames.map((name) => settings[name]), ...extra.filter(Array.isArray).flat()]
  return said.flatMap((token: unknown) => {
    const content = tokenText(token)
    return content === undefined || content === '' ? [] : [addedToken(token, content, true)]
  })
}

/**
 * What `added_tokens_decoder` of tokenizer_config.json says or, where that is not there, added_tokens.json. Source:
 * transformers, tokenization_utils_base.py (_from_pretrained). Throws TokenizerProblem.
 */
export function statedTokens(files: TokenizerFiles, settings: Settings): StatedTokens {
  const decoder = settings['added_tokens_decoder']
  const file = decoder === undefined ? 'added_tokens.json' : 'tokenizer_config.json'
  const specials = new Set(specialTokens(settings).map(({ content }) => content))
  const said: readonly (readonly [unknown, unknown])[] = isSettings(decoder)
    ? Object.entries(decoder)
    : Object.entries(objectOf(files, 'added_tokens.json') ?? {}).map(([content, id]) => [
        id,
        { content, special: specials.has(content) },
      ])
  const tokens = said.map(([key, token]): [number, AddedToken] => {
    const content = tokenText(token)
    const id = Number(key)
    if (content === undefined || !Number.isSafeInteger(id) || id < 0)
      throw new TokenizerProblem(file, `the added token ${JSON.stringify(key)} has no text, or no number`)
    return [id, addedToken(token, content, false)]
  })
  return { file, tokens: new Map(tokens.toSorted(([a], [b]) => a - b)) }
}

function addedToken(token: unknown, content: string, special: boolean): AddedToken {
  const said = isSettings(token) ? token : {}
  if (said['single_word'] === true)
    throw new TokenizerProblem(
      'tokenizer_config.json',
      `the token ${JSON.stringify(content)} is of single words only, which is not read`,
    )
  const isSpecial = special || said['special'] === true
  const { normalized = !isSpecial } = said
  return {
    content,
    lstrip: said['lstrip'] === true,
    rstrip: said['rstrip'] === true,
    normalized: normalized === true,
    special: isSpecial,
  }
}

/**
 * A `tokenizer.json` with these tokens and the special ones. What the vocabulary holds keeps its id, others get the ids
 * behind all. Source: tokenizers, added_vocabulary.rs (add_tokens). Throws TokenizerProblem.
 */
export function withAdded(json: Settings, settings: Settings, { file, tokens }: StatedTokens): Settings {
  const vocabulary = vocabularyOf(json['model'])
  const own = Array.isArray(json['added_tokens']) ? json['added_tokens'].filter(isSettings) : []
  const known = new Set(own.map(tokenText))
  let next = Math.max(vocabulary.size, ...own.map((token) => Number(token['id']) + 1))
  const added: Settings[] = []
  for (const token of [...tokens.values(), ...specialTokens(settings)]) {
    if (known.has(token.content)) continue
    known.add(token.content)
    const id = vocabulary.get(token.content) ?? next
    next = Math.max(next, id + 1)
    added.push({ ...token, single_word: false, id })
  }
  const ids = new Map([...own, ...added].map((token) => [tokenText(token), token['id']]))
  for (const [id, { content }] of tokens)
    if (ids.get(content) !== id)
      throw new TokenizerProblem(
        file,
        `the token ${JSON.stringify(content)} has the id ${id} there, in the tokenizer ${String(ids.get(content))}`,
      )
  return { ...json, added_tokens: [...own, ...added] }
}

/** The ids of a model's vocabulary: an object of ids, or a list of pieces with their scores. */
function vocabularyOf(model: unknown): ReadonlyMap<string, number> {
  const vocab: unknown = isSettings(model) ? model['vocab'] : undefined
  if (Array.isArray(vocab))
    return new Map(vocab.map((piece: unknown, id) => [String(Array.isArray(piece) ? piece[0] : piece), id]))
  return new Map(isSettings(vocab) ? Object.entries(vocab).map(([token, id]) => [token, Number(id)]) : [])
}
