import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readFileSync } from '../disk.js'
import { parse, type Parsed } from '../compiler/1-parse/index.js'
import type { SyntaxFile } from '../compiler/1-parse/syntax.js'

const built = dirname(fileURLToPath(import.meta.url))

/** Where the build keeps the tree of a file of the library. */
export const treeFile = (path: string, folder: string = built): string =>
  join(folder, path.replace(/\.dcr$/, '.json'))

/**
 * Parses a file. Of a file of the library it takes the tree that the build made: every command reads some of them, and
 * reading a tree takes a tenth of the time of parsing. A file that has changed since is parsed.
 */
export function parseFile(path: string, text: string, folder?: string): Parsed {
  const place = treeFile(path, folder)
  if (path.startsWith('std/') && existsSync(place)) {
    const file = JSON.parse(readFileSync(place, 'utf8')) as SyntaxFile
    if (file.text === text) return { file, diagnostics: [] }
  }
  return parse(path, text)
}
