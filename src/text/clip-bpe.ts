import { type Settings, tokenText } from './settings.js'
import { TokenizerProblem } from './tokenizer-files.js'

const pattern = String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`

/** What the class makes of special tokens that are not said. */
const defaults = {
  bos_token: '<|startoftext|>',
  eos_token: '<|endoftext|>',
  unk_token: '<|endoftext|>',
  pad_token: '<|endoftext|>',
}

/**
 * The `tokenizer.json` of a CLIP tokenizer that is given as vocabulary and merges, without its special tokens. Source:
 * transformers, models/clip/tokenization_clip.py.
 */
export function clipTokenizer(
  vocabulary: Settings,
  merges: string,
  given: Settings,
): { readonly json: Settings; readonly settings: Settings } {
  const settings: Settings = { ...defaults, ...given }
  const id = (token: string): number => {
    const found = Object.hasOwn(vocabulary, token) ? vocabulary[token] : undefined
    if (typeof found === 'number' && Number.isInteger(found) && found >= 0) return found
    throw new TokenizerProblem('vocab.json', `it has no id of ${JSON.stringify(token.slice(0, 60))}`)
  }
  const withId = (name: string): readonly [string, number] => {
    const token = tokenText(settings[name]) ?? ''
    return [token, id(token)]
  }
  return {
    json: {
      version: '1.0',
      added_tokens: [],
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'NFC' },
          { type: 'Replace', pattern: { Regex: String.raw`\s+` }, content: ' ' },
          { type: 'Lowercase' },
        ],
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
        ],
      },
      post_processor: {
        type: 'RobertaProcessing',
        cls: withId('bos_token'),
        sep: withId('eos_token'),
        trim_offsets: false,
        add_prefix_space: false,
      },
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
      model: {
        type: 'BPE',
        unk_token: tokenText(settings['unk_token']),
        continuing_subword_prefix: '',
        end_of_word_suffix: '</w>',
        fuse_unk: false,
        vocab: vocabulary,
        merges: pairsOf(merges),
      },
    },
    settings,
  }
}

/** One pair a line, whatever system wrote the file; a line may say a version. */
const pairsOf = (merges: string): readonly string[] =>
  merges.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#version'))
