/** Writes the quickstart's vocabulary, every word in the names of the emoji: `npx tsx test/tools/words.ts`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { concepts, openArt } from '../../src/runtime/sources/emoji/art.js'
import { wordsOf } from '../../src/runtime/sources/files/words.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const wordsFile = join(root, 'pipelines', 'quickstart', 'words.txt')

export function renderWords(): string {
  const words = new Set(concepts(openArt(root)).flatMap((concept) => wordsOf(concept.name)))
  return [...words].sort().join('\n') + '\n'
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1])
  writeFileSync(wordsFile, renderWords())
