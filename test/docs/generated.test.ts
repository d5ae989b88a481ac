import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pages } from '../tools/reference.js'

test.each(pages)('%s says what the compiler has (`npm run generate` writes it)', (file, render) => {
  expect(readFileSync(file, 'utf8')).toBe(render())
})
