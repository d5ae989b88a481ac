import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkFile } from '../../src/compiler/check-file.js'
import { DiskBinaryFiles } from '../../src/runtime/binary-files.js'

const root = fileURLToPath(new URL('../../pipelines', import.meta.url))

/** Every file that is no part of the library and declares a pipeline or an ablation. */
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.dcr') && !path.startsWith('std'))
  .filter((path) => /^(?:pipeline|ablation) /m.test(readFileSync(join(root, path), 'utf8')))
  .toSorted()

describe('every pipeline and every variant of every ablation passes the check without a warning', () => {
  for (const file of files) {
    it(file, { timeout: 600_000 }, () => {
      const found = checkFile({
        entry: file,
        files: {
          read: (path) => readFileSync(join(root, path), 'utf8'),
          // an example reads an ONNX file; weights are not looked for: whether they are there is no matter of a text
          ...(file.startsWith('examples/') ? { binary: new DiskBinaryFiles(root) } : {}),
        },
      })
      expect(found.map((d) => `${d.code}: ${d.message}`)).toEqual([])
    })
  }
})
