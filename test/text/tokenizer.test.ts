import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type TokenizerFiles, TokenizerProblem, tokenizerFiles } from '../../src/text/tokenizer-files.js'
import { ModelTokenizer } from '../../src/text/tokenizer.js'

interface Saved {
  readonly files: Readonly<Record<string, string>>
  /** The same tokenizer, saved as one file. */
  readonly fast?: Readonly<Record<string, string>>
  readonly ids: readonly (readonly number[])[]
  readonly length: number
}

const path = fileURLToPath(new URL('../oracle/fixtures/tokenizers.json', import.meta.url))
const { texts, ...saved } = JSON.parse(readFileSync(path, 'utf8')) as { texts: string[] } & Record<
  string,
  Saved
>
const tokenizers = Object.entries(saved as Readonly<Record<string, Saved>>)

/** Files that are no text stand in base64. */
const filesOf = (files: Readonly<Record<string, string>>): TokenizerFiles =>
  tokenizerFiles({
    text: (name) => files[name],
    bytes: (name) => (files[name] === undefined ? undefined : Buffer.from(files[name], 'base64')),
  })

describe('ids are those of transformers, padded and cut', () => {
  for (const [name, { files, fast, ids, length }] of tokenizers) {
    it.each([files, ...(fast ? [fast] : [])])(`${name} from $#`, (given) => {
      const tokenizer = ModelTokenizer.open(filesOf(given))
      expect(tokenizer.length).toBe(length)
      const wrong = texts.filter((text, k) => String(tokenizer.ids(text, length)) !== String(ids[k]))
      expect(wrong).toEqual([])
    })
  }
})

const clip = (saved as Record<string, Saved>)['clip_1']?.files ?? {}

describe('the work of a file is bounded', () => {
  it.each(['(a+)+$', 'a*a*a*a*a*a*a*a*a*a*a*b'])('splitting by %s ends', (Regex) => {
    const json = {
      model: { type: 'BPE', vocab: { a: 0, '[UNK]': 1 }, merges: [], unk_token: '[UNK]' },
      normalizer: null,
      post_processor: null,
      decoder: null,
      added_tokens: [],
      pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated' },
    }
    const files = filesOf({ 'tokenizer.json': JSON.stringify(json), 'tokenizer_config.json': '{}' })
    const tokenizer = ModelTokenizer.open(files)
    expect(tokenizer.ids('a', 3)).toHaveLength(3)
    expect(() => tokenizer.ids(`${'a'.repeat(500)}!`, 3)).toThrow('it takes longer than 2 seconds')
  })
})

describe('files that are no tokenizer', () => {
  const problem = (files: Readonly<Record<string, string>>): string => {
    try {
      ModelTokenizer.open(filesOf(files))
    } catch (error) {
      if (error instanceof TokenizerProblem) return `${error.file}: ${error.message}`
      throw error
    }
    return 'none'
  }

  it('tells what is wrong with each', () => {
    expect(problem(clip)).toBe('none')
    expect(problem({ ...clip, 'vocab.json': '{' })).toBe('vocab.json: it is not valid JSON')
    expect(problem({ ...clip, 'vocab.json': '{}' })).toBe('vocab.json: it has no id of "<|startoftext|>"')
    expect(problem({ ...clip, 'tokenizer_config.json': '[]' })).toBe(
      'tokenizer_config.json: it is no object in braces',
    )
    expect(problem({ ...clip, 'tokenizer_config.json': '{"tokenizer_class": "GPT2Tokenizer"}' })).toMatch(
      /^tokenizer_config.json: it is a GPT2Tokenizer/,
    )
    expect(problem({ 'tokenizer.json': '{"model": {"type": "Magic"}}' })).toBe(
      'tokenizer.json: its model is a "Magic"; BPE, WordPiece and Unigram are read',
    )
  })

  it('tells of a sentencepiece model and of added tokens that cannot be followed', () => {
    const { siglip, clip_added: added } = saved as Record<string, Saved>
    const sentences = siglip?.files ?? {}
    const model = Buffer.from(sentences['spiece.model'] ?? '', 'base64')
    const withModel = (bytes: Buffer): Readonly<Record<string, string>> => ({
      ...sentences,
      'spiece.model': bytes.toString('base64'),
    })
    expect(problem(sentences)).toBe('none')
    expect(problem(withModel(model.subarray(0, 999)))).toBe(
      'spiece.model: it is no sentencepiece model, or cut short',
    )
    // field 2 is the trainer's specification, 3 in it the kind of model; 2 means BPE
    expect(problem(withModel(Buffer.concat([model, Buffer.from([0x12, 2, 0x18, 2])])))).toMatch(
      /^spiece.model: it is no unigram model, which is not read/,
    )
    // a piece of the user, of type 4
    expect(problem(withModel(Buffer.concat([Buffer.from([10, 5, 10, 1, 65, 24, 4]), model])))).toMatch(
      /^spiece.model: it has pieces of the user or of single bytes, such as "A"/,
    )
    expect(problem({ ...sentences, 'tokenizer_config.json': '{"tokenizer_class": "T5Tokenizer"}' })).toMatch(
      /^spiece.model: such a model is read of a SiglipTokenizer alone/,
    )
    expect(problem({ ...added?.files, 'added_tokens.json': '{"<new>": 700}' })).toBe(
      'added_tokens.json: the token "<new>" has the id 700 there, in the tokenizer 603',
    )
    const single = '{"added_tokens_decoder": {"603": {"content": "<new>", "single_word": true}}}'
    expect(problem({ ...clip, 'tokenizer_config.json': single })).toMatch(/"<new>" is of single words only/)
    fc.assert(
      fc.property(fc.nat(model.length), fc.uint8Array({ maxLength: 8 }), (at, bytes) => {
        const broken = Buffer.concat([model.subarray(0, at), bytes, model.subarray(at + bytes.length)])
        expect(problem(withModel(broken))).toMatch(/^(none|spiece.model: )/)
      }),
      { numRuns: 150 },
    )
  })

  it('throws nothing else, whatever stands in them', () => {
    const whole = (saved as Record<string, Saved>)['clip_1']?.fast?.['tokenizer.json'] ?? ''
    const changed = fc
      .tuple(fc.nat(whole.length), fc.nat(60), fc.oneof(fc.string(), fc.json()))
      .map(([at, length, text]) => whole.slice(0, at) + text + whole.slice(at + length))
    fc.assert(
      fc.property(fc.oneof(changed, fc.json()), (text) => {
        expect(problem({ 'tokenizer.json': text })).toMatch(/^(none|tokenizer.json: )/)
      }),
      { numRuns: 150 },
    )
  })
})
