import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { folders, render, target } from '../tools/generate.js'
import { composites, operators } from '../../src/ops/registry.js'

test.each(folders.map((entry) => [entry.folder, entry] as const))(
  'the list of %s names every file of the folder',
  (folder, entry) => {
    expect(readFileSync(target(folder), 'utf8'), 'run `npm run generate`').toBe(render(entry))
  },
)

test('no two operators and no two language functions share a name', () => {
  const names = [...operators, ...composites].map((op) => op.name)
  const functions = [...operators, ...composites].flatMap((op) => op.language ?? []).map((f) => f.name)
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(functions).size).toBe(functions.length)
})
