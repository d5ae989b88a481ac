import { expect, test } from 'vitest'
import joined from '../../src/runtime/host-functions/joined.js'

test('joined gives the first text, the words between and the second', async () => {
  const draws = { uniform: () => NaN }
  const call = async (by?: string) =>
    (await joined.prepare(by === undefined ? {} : { by }, '/'))({ first: 'a cat', second: 'a dog' }, draws)
  expect(await call(' left of ')).toBe('a cat left of a dog')
  expect(await call()).toBe('a cat a dog')
})
