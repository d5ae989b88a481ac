/**
 * Part of the build: writes the trees of the library's files for `parseFile`.
 * usage: write-library.ts FOLDER
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileSync } from '../disk.js'
import { parse } from '../compiler/1-parse/index.js'
import { DiskFiles } from './files.js'
import { treeFile } from './library-trees.js'

const [, , folder = ''] = process.argv
const files = new DiskFiles('.')
for (const path of files.library()) {
  const { file, diagnostics } = parse(path, files.read(path) ?? '')
  if (diagnostics.length > 0) throw new Error(`${path}: ${diagnostics[0]?.message}`)
  const place = treeFile(path, folder)
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, JSON.stringify(file))
}
