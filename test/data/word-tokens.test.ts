import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import wordTokens from '../../src/runtime/host-functions/word-tokens.js'
import declared from '../../src/sources/functions/word-tokens.js'
import { DataMissing } from '../../src/runtime/sources/dataset.js'
import { renderWords, wordsFile } from '../tools/words.js'

const root = mkdtempSync(join(tmpdir(), 'words-'))
writeFileSync(join(root, 'words.txt'), 'cat\ndog\nface\n')
afterAll(() => rmSync(root, { recursive: true }))

// Three words: cat 2, dog 3, face 4, begin 5, end 6; V = 7.
async function tokens(text: string, length: number): Promise<number[]> {
  const apply = await wordTokens.prepare({ length, vocabulary: 'words.txt' }, root)
  const found = await apply({ text }, { uniform: () => 0 })
  return found instanceof BigInt64Array ? Array.from(found, Number) : []
}

describe('word_tokens', () => {
  test('puts words between begin and end and pads with 0', async () => {
    expect(await tokens('cat face', 6)).toEqual([5, 2, 4, 6, 0, 0])
    expect(await tokens('', 4)).toEqual([5, 6, 0, 0])
  })

  test('lower-cases, cuts at everything that is no letter or digit, and marks unknown words', async () => {
    expect(await tokens('  Cat-DOG: (face), 1st zebra\u2019s', 10)).toEqual([5, 2, 3, 4, 1, 1, 1, 6, 0, 0])
  })

  test('drops the last words of a long text but never the end', async () => {
    expect(await tokens('cat dog face cat dog', 4)).toEqual([5, 2, 3, 6])
    expect(await tokens('cat dog', 2)).toEqual([5, 6])
  })

  test('the end has the largest id, so that argmax finds it', async () => {
    for (const text of ['', 'cat', 'zebra dog', 'cat dog face cat dog cat']) {
      const ids = await tokens(text, 6)
      expect(ids.indexOf(Math.max(...ids))).toBe(ids.indexOf(6))
    }
  })

  test('its type is the length that was asked for', () => {
    expect(declared.type({}, { length: 9, vocabulary: 'words.txt' })).toEqual({
      kind: 'tensor',
      dtype: 'i64',
      shape: [9],
    })
  })

  test('names a missing vocabulary', async () => {
    await expect(wordTokens.prepare({ length: 3, vocabulary: 'none.txt' }, root)).rejects.toBeInstanceOf(
      DataMissing,
    )
  })
})

test('the vocabulary of the quickstart is current, sorted and has 1,414 words', () => {
  const text = readFileSync(wordsFile, 'utf8')
  expect(text).toBe(renderWords())
  const words = text.trimEnd().split('\n')
  expect(words).toEqual([...new Set(words)].sort())
  // models.dcr counts on it: V = words + 4 = 1418.
  expect(words).toHaveLength(1414)
})
