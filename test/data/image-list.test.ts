import { afterEach, beforeEach, expect, test } from 'vitest'
import { DataMissing } from '../../src/runtime/sources/dataset.js'
import imageFolder from '../../src/runtime/sources/image-folder.js'
import { Project, png } from './project.js'

/** Aim: a list of a test set, as DTD publishes its own, picks pictures of a folder and changes no order. */
let project: Project
beforeEach(() => (project = new Project()))
afterEach(() => project.remove())

test('a folder gives the pictures that a list names, in its own order; one that is not there is told', async () => {
  for (const name of ['a/1', 'a/2', 'b/1', 'b/2'])
    project.write(`set/${name}.png`, await png({ r: 9, g: 9, b: 9 }))
  project.write('labels/test1.txt', 'b/1.png\r\na/2.png\n')
  const open = () => imageFolder.open({ folder: 'set', list: 'labels/test1.txt', classes: 2 }, project.root)
  const data = await open()
  const rows = [0, 1].map((k) => data.row(k))
  expect(data.length).toBe(2)
  expect(rows.map(({ name, class: of }) => [name, of])).toEqual([
    ['a/2.png', 'a'],
    ['b/1.png', 'b'],
  ])
  project.write('labels/test1.txt', 'b/1.png\nb/3.png\n')
  await expect(open()).rejects.toThrow(DataMissing)
})
