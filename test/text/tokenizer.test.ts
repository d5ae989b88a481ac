import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type TokenizerFiles, TokenizerProblem } from '../../src/text/tokenizer-files.js'
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

const filesOf = (files: Readonly<Record<string, string>>): TokenizerFiles => ({
  'tokenizer.json': files['tokenizer.json'],
  'vocab.json': files['vocab.json'],
  'merges.txt': files['merges.txt'],
  'tokenizer_config.json': files['tokenizer_config.json'],
  'special_tokens_map.json': files['special_tokens_map.json'],
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
      model: { type: 'WordLevel', vocab: { a: 0, '[UNK]': 1 }, unk_token: '[UNK]' },
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
    expect(problem({ 'tokenizer.json': '{"model": {"type": "Magic"}}' })).toMatch(/^tokenizer.json: it is no/)
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
