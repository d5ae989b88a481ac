import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { analyze } from '../../src/compiler/index.js'

const root = fileURLToPath(new URL('../../pipelines', import.meta.url))

/** Every file that is no part of the library. */
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.dcr') && !path.startsWith('std'))
  .toSorted()

/** The pipelines that a file declares; files without one only hold what others use. */
const pipelinesIn = (text: string): string[] =>
  [...text.matchAll(/^pipeline (\w+)/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]))

describe('every pipeline of the repository passes the check without a warning', () => {
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const pipeline of pipelinesIn(text)) {
      it(`${file}#${pipeline}`, () => {
        const { diagnostics, lowered } = analyze({
          entry: file,
          pipeline,
          files: { read: (path) => readFileSync(join(root, path), 'utf8') },
        })
        expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
        expect(lowered?.pipeline).toBe(pipeline)
      })
    }
  }
})
