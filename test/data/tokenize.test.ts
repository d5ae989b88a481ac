import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openData } from '../../src/runtime/fields.js'
import { openSource } from '../../src/runtime/open-data.js'
import { Project } from './project.js'

/** Tokenizers that transformers saved, and the ids that it gives: test/oracle/text_tokenizers.py. */
const path = fileURLToPath(new URL('../oracle/fixtures/tokenizers.json', import.meta.url))
const fixture = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly texts: readonly string[]
  readonly clip_2: {
    readonly files: Readonly<Record<string, string>>
    readonly ids: readonly (readonly number[])[]
  }
}

let project: Project
beforeEach(() => {
  project = new Project()
  project.write('captions.jsonl', fixture.texts.map((caption) => JSON.stringify({ caption })).join('\n'))
})
afterEach(() => project.remove())

const pipeline = (field: string, from = 'from "w/text_encoder"'): string => `
use std.nn { Embedding }
module Words {
  text_length = 16
  table = Embedding(700, 3)
  fn forward(ids: i64[b, n]) = table(ids)
}
pipeline p {
  data pairs = table("captions.jsonl", columns = { caption: "text" }) rows 2 { ids: i64[16] = ${field} }
  model words = Words() ${from}
  loss l = mean(words(pairs.ids))
  stage s { train words; minimize l; optimizer sgd(lr = 1.0); steps 1 }
}`

/** The ids of all rows. */
async function idsOf(text: string): Promise<readonly (readonly number[])[]> {
  const { artefact, diagnostics } = project.compile(text)
  const [spec] = artefact?.manifest.data ?? []
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  const data = await openData(spec, project.root, openSource)
  const table = await data.all()
  const rows = fixture.texts.map((_, index) => ({ index, epoch: 0 }))
  const made = (await table.samples(rows)).map((sample) => data.fields(sample, ['ids'], 0))
  return (await Promise.all(made)).map(([ids]) => Array.from(ids as BigInt64Array, Number))
}

describe('a caption by the tokenizer of a model, `text.tokenize(caption)`', () => {
  test.each(['w/text_encoder', 'w/tokenizer'])(
    'gives the ids of transformers: files in %s',
    async (folder) => {
      project.write('w/text_encoder/config.json', '{}')
      for (const [name, text] of Object.entries(fixture.clip_2.files))
        project.write(`${folder}/${name}`, text)
      expect(await idsOf(pipeline('words.tokenize(caption)'))).toEqual(fixture.clip_2.ids)
    },
  )

  test('is what `tokenize` gives for the same directory and length', async () => {
    for (const [name, text] of Object.entries(fixture.clip_2.files))
      project.write(`w/text_encoder/${name}`, text)
    const named = 'tokenize(caption, tokenizer = "w/text_encoder", length = 16)'
    expect(await idsOf(pipeline(named))).toEqual(fixture.clip_2.ids)
  })

  test('a directory that is not there when the pipeline compiles is missing when it runs', async () => {
    await expect(idsOf(pipeline('words.tokenize(caption)'))).rejects.toThrow(
      'there is no tokenizer.json, vocab.json or spiece.model in w/text_encoder',
    )
  })

  test.each([
    ['words.tokenize(key)', 'data/field', 'the source has no column `key`'],
    ['words.tokenize()', 'call/arguments', '`words.tokenize` needs `text`'],
    ['words.tokenize(caption, 3)', 'call/arguments', '`words.tokenize` takes one argument'],
    ['words.tokenize("x")', 'data/field', 'a field is a column of the source'],
    ['words.forward(caption)', 'data/field', '`forward` is no function of rows'],
    ['others.tokenize(caption)', 'data/field', 'there is no model `others`'],
  ])('%s: %s', (field, code, message) => {
    const { diagnostics } = project.compile(pipeline(field))
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    expect(errors.map((d) => [d.code, d.message.includes(message) || d.message])).toEqual([[code, true]])
  })

  test('needs a directory', () => {
    const { diagnostics } = project.compile(pipeline('words.tokenize(caption)', ''))
    expect(diagnostics).toMatchObject([{ severity: 'error', help: expect.stringContaining('from') }])
  })
})
