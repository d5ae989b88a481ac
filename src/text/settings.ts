import { type TokenizerFiles, type TokenizerTexts, TokenizerProblem } from './tokenizer-files.js'

export type Settings = Readonly<Record<string, unknown>>

/**
 * What is said beside a vocabulary. transformers reads special_tokens_map.json only where tokenizer_config.json has no
 * `added_tokens_decoder`, and then it counts for more. Source: transformers, tokenization_utils_base.py
 * (_from_pretrained). Throws TokenizerProblem.
 */
export function settingsOf(files: TokenizerFiles): Settings {
  const settings = objectOf(files, 'tokenizer_config.json') ?? {}
  return settings['added_tokens_decoder'] === undefined
    ? { ...settings, ...objectOf(files, 'special_tokens_map.json') }
    : settings
}

/** The class of a tokenizer, where its directory says one. */
export function classOf(files: TokenizerFiles, settings: Settings): string | undefined {
  const { tokenizer_class: name } = settings
  if (typeof name === 'string') return name.replace(/Fast$/, '')
  return objectOf(files, 'config.json')?.['model_type'] === 'siglip' ? 'SiglipTokenizer' : undefined
}

/** A special token is a text, or an object with one. */
export function tokenText(token: unknown): string | undefined {
  if (typeof token === 'string') return token
  return isSettings(token) && typeof token['content'] === 'string' ? token['content'] : undefined
}

export function objectOf(files: TokenizerFiles, name: TokenizerTexts): Settings | undefined {
  const text = files[name]
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const why = text.startsWith('\uFEFF') ? 'begins with a byte order mark' : 'is not valid JSON'
    throw new TokenizerProblem(name, `it ${why}`)
  }
  if (isSettings(value)) return value
  throw new TokenizerProblem(name, 'it is no object in braces')
}

export const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
