import { TokenizerProblem } from './tokenizer-files.js'

type Settings = Readonly<Record<string, unknown>>

const pattern = String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`

/**
 * The `tokenizer.json` of a CLIP tokenizer that is given as vocabulary and merges. Source: transformers
 * convert_slow_tokenizer, CLIPConverter.
 */
export function clipTokenizer(
  vocabulary: Settings,
  merges: string,
  { bos = '<|startoftext|>', eos = '<|endoftext|>' }: { bos?: string | undefined; eos?: string | undefined },
  settings: Settings,
): { readonly json: Settings; readonly settings: Settings } {
  const id = (token: string): number => {
    const found = Object.hasOwn(vocabulary, token) ? vocabulary[token] : undefined
    if (typeof found === 'number' && Number.isInteger(found) && found >= 0) return found
    throw new TokenizerProblem('vocab.json', `it has no id of ${JSON.stringify(token.slice(0, 60))}`)
  }
  const special = (content: string): Settings => ({
    id: id(content),
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })
  return {
    json: {
      version: '1.0',
      added_tokens: [special(bos), special(eos)],
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
        sep: [eos, id(eos)],
        cls: [bos, id(bos)],
        trim_offsets: false,
        add_prefix_space: false,
      },
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
      model: {
        type: 'BPE',
        unk_token: eos,
        continuing_subword_prefix: '',
        end_of_word_suffix: '</w>',
        fuse_unk: false,
        vocab: vocabulary,
        merges: pairsOf(merges),
      },
    },
    settings: { pad_token: eos, ...settings, bos_token: bos, eos_token: eos, unk_token: eos },
  }
}

/** One pair a line, whatever system wrote the file; a line may say a version. */
const pairsOf = (merges: string): readonly string[] =>
  merges.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#version'))
