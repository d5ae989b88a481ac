import { afterEach, beforeEach, expect, test } from 'vitest'
import { existsSync } from 'node:fs'
import ownSource from '../../src/runtime/sources/own-source.js'
import { DataInvalid, DataMissing } from '../../src/runtime/sources/dataset.js'
import type { Source } from '../../types/source.js'
import { Project, png } from './project.js'

let project: Project
beforeEach(() => (project = new Project()))
afterEach(() => project.remove())

// Typed as a user's is, by `import('dcrc/source')`.
const typed: Source<{ count: number }> = {
  open: ({ options }) => ({
    length: options.count,
    fingerprint: 'rows',
    names: { label: ['odd', 'even'] },
    row(index) {
      if (index === 2) throw new Error('no second row')
      const pixels = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }
      return { image: index === 0 ? 'a.png' : pixels, label: 1 - (index % 2), caption: 'x', box: [1, [2.5]] }
    },
  }),
}

const settings = {
  module: 'own.mjs',
  columns: { image: 'picture', label: 'i64[]', caption: 'text', box: 'f32[2]' },
  options: { count: 3 },
}
const open = () => ownSource.open(settings, project.root)
const write = (text: string): void => project.write('own.mjs', text)

test('a module of a user gives rows; one that throws is unreadable', async () => {
  write(`export default { open: ${typed.open.toString()} }`)
  const rows = await open()
  expect(rows.length).toBe(3)
  expect(rows.names.get('label')).toEqual(['odd', 'even'])
  expect(await rows.row(0)).toEqual({
    image: { kind: 'encoded', bytes: project.path('a.png'), name: 'a.png' },
    label: BigInt64Array.of(1n),
    caption: 'x',
    box: Float32Array.of(1, 2.5),
  })
  expect((await rows.row(1))['image']).toMatchObject({ kind: 'pixels', width: 1 })
  expect((await rows.row(2))['label']).toMatchObject({ kind: 'unreadable', reason: 'no second row' })
})

test.each<[string, string, readonly number[] | bigint | string]>([
  ['1', 'i64[]', 1n],
  ['[1]', 'i64[]', 1n],
  ['1n', 'f32[]', [1]],
  ['[1]', 'f32[]', [1]],
  ['Float64Array.of(0.1)', 'f32[1]', [Math.fround(0.1)]],
  ['[1, 2, 3, 4, 5, 6]', 'f32[3, 2]', [1, 2, 3, 4, 5, 6]],
  ['[[1, 2], [3, 4], [5, 6]]', 'f32[3, 2]', [1, 2, 3, 4, 5, 6]],
  ['[Float32Array.of(1, 2), Float32Array.of(3, 4), [5, 6]]', 'f32[3, 2]', [1, 2, 3, 4, 5, 6]],
  ['-Infinity', 'f32[]', [-Infinity]],
  ['[1, 2]', 'i64[]', '[1,2] is no i64[]'],
  ['1.5', 'i64[]', '1.5 is no i64[]'],
  ['2n ** 60n', 'i64[]', '1152921504606847000 is no i64[]'],
  ['1e39', 'f32[]', '1e+39 is no f32[]'],
  ['[[1, 2], [3, 4]]', 'f32[3, 2]', '[[1,2],[3,4]] is no f32[3, 2]'],
  ['Float32Array.of(1, 2, 3)', 'f32[2]', '[1,2,3] is no f32[2]'],
])('%s for a column of %s', async (given, type, wanted) => {
  write(`export default { open: () => ({ length: 1, fingerprint: '', row: () => ({ x: ${given} }) }) }`)
  const rows = await ownSource.open({ ...settings, columns: { x: type } }, project.root)
  const { x } = await rows.row(0)
  if (typeof wanted === 'string')
    expect(x).toEqual({ kind: 'unreadable', sample: 'own.mjs, row 0, x', reason: wanted })
  else if (typeof wanted === 'bigint') expect(x).toEqual(BigInt64Array.of(wanted))
  else expect(x).toEqual(Float32Array.from(wanted))
})

test('its text is part of the identity of its rows', async () => {
  const text = `export default { open: ${typed.open.toString()} }`
  write(text)
  const { fingerprint } = await open()
  expect((await open()).fingerprint).toBe(fingerprint)
  write(`${text}\n// changed`)
  expect((await open()).fingerprint).not.toBe(fingerprint)
})

test('what is wrong with it is told by its name', async () => {
  await expect(open()).rejects.toThrow(DataMissing)
  for (const [text, why] of [
    ['export default {', 'it does not load'],
    ['export const open = 1', 'has no function `open`'],
    ['export default { open() { throw new Error("no disk") } }', '`open` failed: no disk'],
    ['export default { open: () => ({ length: -1 }) }', 'gave no length'],
  ] as const) {
    write(text)
    await expect(open()).rejects.toThrow(DataInvalid)
    await expect(open()).rejects.toThrow(why)
  }
})

test('only a run executes it', async () => {
  project.write('a.png', await png({ r: 1, g: 2, b: 3 }))
  write(`import { writeFileSync } from 'node:fs'
writeFileSync(new URL('./ran', import.meta.url), '')
export default { open: () => ({ length: 1, fingerprint: '', row: () => ({ image: 'a.png' }) }) }`)
  const pipeline = `
pipeline p {
  data own = source("./own.mjs", columns = { image: "picture" }) rows 1 {
    image: f32[3, 2, 2] = resize(image, [2, 2])
  }
  evaluate shown = pictures(original = own.image)
}`
  const { artefact, diagnostics } = project.compile(pipeline)
  expect(diagnostics).toEqual([])
  expect(artefact).toBeDefined()
  expect(existsSync(project.path('ran'))).toBe(false)
  expect(await project.run(pipeline)).toMatchObject({ status: 'done' })
  expect(existsSync(project.path('ran'))).toBe(true)
})
