import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { repeatedKey } from '../../src/weights/repeated-key.js'
import { HeaderError, parseHeader } from '../../src/weights/safetensors-header.js'

/* Aim: no key of a header or an index is dropped unseen, and no header whatever crashes the reader. */

test.each([
  ['{"a": 1, "b": {"a": 2}, "c": [{"a": 1}, {"a": 2}]}', undefined],
  ['{"a": 1, "a": 2}', 'a'],
  ['{"x": {"a": 1, "b": 2, "a": 3}}', 'a'],
  [String.raw`{"a\"": 1, "a": 2, "\u0061": 3}`, 'a'],
  [String.raw`{"a": "{\"b\": 1, \"b\": 2}"}`, undefined],
  ['{"a": ["b", "b"], "b": "a"}', undefined],
  ['{"": 1, "": 2}', ''],
])('%s', (text, key) => expect(repeatedKey(text)).toBe(key))

test('JSON that is written of a value repeats no key, and with one written again repeats that', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (value, pick) => {
      const text = JSON.stringify(value)
      expect(repeatedKey(text)).toBeUndefined()
      const keys = Object.keys(value)
      const again = keys[pick % keys.length] ?? ''
      const twice = `${text.slice(0, -1)},${JSON.stringify(again)}:0}`
      expect(repeatedKey(twice)).toBe(again)
    }),
  )
})

describe('any header', () => {
  const size = fc.oneof(fc.nat(40), fc.constantFrom(-1, 0.5, 2 ** 53, 1e300, null, '4'))
  const entry = fc.record(
    {
      dtype: fc.constantFrom('F32', 'U8', 'BOOL', 'F31', '__proto__', 3),
      shape: fc.array(size, { maxLength: 3 }),
      data_offsets: fc.array(size, { minLength: 1, maxLength: 3 }),
      more: fc.constant(1),
    },
    { requiredKeys: ['dtype', 'shape', 'data_offsets'] },
  )
  const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', '__metadata__', 'constructor', 'a.weight'))

  test('gives tensors that cover the data, each with its length, or the named error', () => {
    let read = 0
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(entry, fc.jsonValue())), fc.nat(60), (header, data) => {
        try {
          const { entries } = parseHeader(Buffer.from(JSON.stringify(header)), data)
          read++
          expect(entries.reduce((sum, { begin, end }) => sum + end - begin, 0)).toBe(data)
        } catch (error) {
          expect(error).toBeInstanceOf(HeaderError)
        }
      }),
      // hardly one of the others is right
      { numRuns: 1000, examples: [[{ a: { dtype: 'U8', shape: [2], data_offsets: [0, 2] } }, 2]] },
    )
    expect(read).toBeGreaterThan(0)
  })
})
