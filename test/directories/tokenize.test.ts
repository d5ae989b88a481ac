import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compiler/index.js'
import { messages, project, shown } from './project.js'

const path = fileURLToPath(new URL('../oracle/fixtures/tokenizers.json', import.meta.url))
interface Saved {
  readonly files: Readonly<Record<string, string>>
  readonly ids: readonly (readonly number[])[]
}
const fixture = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<'clip_2' | 'unigram', Saved>> & {
  readonly texts: readonly string[]
}

const at = (folder: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))

/** A pipeline that embeds a text: the ids stand in its graph as a constant. */
const source = (
  text: string,
  from = 'from "w/text_encoder"',
  length = 'text_length = 16',
): string => `use std.nn { Embedding }
module Words(count: int) {
  ${length}
  table = Embedding(count, 3)
  fn forward(ids: i64[b, n]) = table(ids)
}
pipeline p {
  model text = Words(700) ${from}
  loss l = sum(text(text.tokenize(${text}))) * (draw uniform(0.0, 1.0))
  stage s { train text; minimize l; optimizer sgd(lr = 1.0); steps 1 }
}
`

/** The ids of the only integer constant with an axis of that length. */
function idsIn(files: ReturnType<typeof project>, length: number): readonly number[] {
  const { artefact, diagnostics } = compile({ entry: 'main.dcr', files })
  expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
  const model = Buffer.from(artefact?.files.get('s.step.onnx') ?? [])
  // int64 raw data: eight bytes each, little-endian
  for (let start = 0; start + 8 * length <= model.length; start++) {
    const ids = Array.from({ length }, (_, k) => model.readBigInt64LE(start + 8 * k))
    if (ids[0] === 601n && ids.every((id) => id >= 0n && id < 700n)) return ids.map(Number)
  }
  return []
}

const k = fixture.texts.indexOf('a photo of a .')

describe('the ids of a text by the tokenizer of a directory', () => {
  it.each([
    ['in the directory', 'w/text_encoder', 'from "w/text_encoder"'],
    ['in the folder beside a text encoder', 'w/tokenizer', 'from "w/text_encoder"'],
    ['in the folder of the second text encoder', 'w/tokenizer_2', 'from "w/text_encoder_2"'],
  ])('%s', (_, folder, from) => {
    const files = { ...at(folder, fixture.clip_2.files), 'w/text_encoder/x': '', 'w/text_encoder_2/x': '' }
    expect(idsIn(project(source('"a photo of a ."', from), files), 16)).toEqual(fixture.clip_2.ids[k])
  })

  it('are cut to the length of the model, begin and end kept', () => {
    const files = at('w/text_encoder', fixture.clip_2.files)
    const short = source('"a photo of a ."', 'from "w/text_encoder"', 'text_length = 4')
    expect(idsIn(project(short, files), 4)).toEqual([601, 320, 524, 602])
  })

  it('are zeros and ones while the directory is not there, and the artefact knows what was looked for', () => {
    const { artefact, diagnostics } = compile({ entry: 'main.dcr', files: project(source('"x"'), {}) })
    expect(diagnostics.map((d) => d.code)).toEqual(['model/absent'])
    const looked = artefact?.manifest.models.find((m) => m.name === 'text')?.files ?? []
    expect(looked).toContainEqual({ name: 'tokenizer.json', sha256: null })
    expect(looked).toContainEqual({ name: '../tokenizer/vocab.json', sha256: null })
    const other = compile({ entry: 'main.dcr', files: project(source('"y"'), {}) }).artefact
    expect(other?.manifest.hash).not.toBe(artefact?.manifest.hash)
  })
})

describe('what a user reads about tokenizers', () => {
  const clip = fixture.clip_2.files
  const mistakes: Readonly<Record<string, readonly [string, Record<string, string>]>> = {
    'a directory without one': [source('"x"'), { 'w/text_encoder/model.safetensors': '' }],
    'a model without a directory': [source('"x"', ''), {}],
    'no text': [source('3'), {}],
    'two texts': [source('"a", "b"'), {}],
    'no length': [source('"x"', 'from "w/text_encoder"', ''), {}],
    'a damaged vocabulary': [source('"x"'), at('w/tokenizer', { ...clip, 'vocab.json': '{"a": 1' })],
    'a vocabulary without the special tokens': [
      source('"x"'),
      at('w/tokenizer', { ...clip, 'vocab.json': '{"a": 1}' }),
    ],
    'an id for which the model has no row': [
      source('"a photo"').replace('table =', 'vocab_size = count\n  table =').replaceAll('700', '602'),
      at('w/tokenizer', clip),
    ],
    'another tokenizer': [
      source('"x"'),
      at('w/tokenizer', { ...clip, 'tokenizer_config.json': '{"tokenizer_class": "GPT2Tokenizer"}' }),
    ],
  }
  it.each(Object.entries(mistakes))('%s', (_, [text, files]) => {
    const told = shown(project(text, files))
    expect(told).toMatchSnapshot()
    expect(told).not.toMatch(/undefined|NaN|\[object/)
  })
})

describe('a tokenizer.json that the tokenizers library does not open is refused', () => {
  const bpe = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'], dropout: null }
  const empty = {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    added_tokens: [],
  }
  const refused = (model: unknown): readonly string[] => {
    const files = at('w/tokenizer', { 'tokenizer.json': JSON.stringify({ ...empty, model }) })
    return messages(project(source('"ab"'), { ...files, 'w/text_encoder/x': '' }))
  }

  it('but is read where nothing is wrong with it, with merges of either form', () => {
    expect(refused(bpe)).toEqual([])
    expect(refused({ ...bpe, type: undefined, merges: [['a', 'b']] })).toEqual([])
  })

  it.each([
    ['no model', null, 'it has no model'],
    [
      'a kind that is not known',
      { ...bpe, type: 'Other' },
      'its model is a "Other"; BPE, WordPiece and Unigram',
    ],
    ['an id below 0', { ...bpe, vocab: { ...bpe.vocab, b: -3 } }, 'the id of "b" is -3'],
    ['an id that is a text', { ...bpe, vocab: { ...bpe.vocab, b: '1' } }, 'the id of "b" is "1"'],
    ['a merge of one piece', { ...bpe, merges: ['a b', 'ab'] }, 'merge 1 is "ab", not two pieces'],
    ['a merge that is no text', { ...bpe, merges: [null] }, 'merge 0 is null, not two pieces'],
    [
      'a merge of other pieces',
      { ...bpe, merges: [['a', 'c']] },
      'merge 0 names "c", which the vocabulary has not',
    ],
    ['dropout', { ...bpe, dropout: 0.1 }, 'it leaves merges out by chance (dropout)'],
    ['a prefix of pieces', { ...bpe, continuing_subword_prefix: '##' }, 'its pieces begin with "##"'],
    [
      'a list of pieces without numbers',
      { type: 'Unigram', vocab: [['a']] },
      'no list of texts with a number each',
    ],
  ])('%s', (_, model, why) => {
    expect(refused(model).join()).toContain(why)
  })
})

it('a byte order mark before a vocabulary is told', () => {
  const files = { ...fixture.clip_2.files, 'vocab.json': `\uFEFF${fixture.clip_2.files['vocab.json']}` }
  expect(messages(project(source('"x"'), at('w/tokenizer', files))).join()).toContain('a byte order mark')
})

it('a module may have a function of that name itself', () => {
  const own = source('"x"').replace('fn forward', 'fn tokenize(text) = constant([[1, 2, 3]])\n  fn forward')
  expect(messages(project(own, { 'w/text_encoder/x': '' }))).toEqual([])
})
