import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { analyze, compileAnalysed, planAnalysed } from '../../src/compiler/index.js'
import { DiskBinaryFiles } from '../../src/runtime/binary-files.js'

const root = fileURLToPath(new URL('../../pipelines', import.meta.url))

/** Every pipeline that is no part of the library, as `FILE#name`. */
const pipelines = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.dcr') && !path.startsWith('std'))
  .flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/^pipeline (\w+)/gm)].map(
      ([, name]) => `${path}#${name}`,
    ),
  )
  .toSorted()

/**
 * Pipelines are checked, planned and compiled at their real size, with no weights and no data there. One file of tests
 * takes those of some folders, so that several run at a time.
 */
export function describeWhole(folders: RegExp): void {
  describe('a pipeline is checked, planned and compiled', () => {
    for (const name of pipelines.filter((path) => folders.test(path)))
      it(name, () => {
        const [entry = '', pipeline = ''] = name.split('#')
        const files = {
          read: (path: string) => readFileSync(join(root, path), 'utf8'),
          // an example reads an ONNX file; weights are not looked for: whether they are there is no matter of a text
          ...(entry.startsWith('examples/') ? { binary: new DiskBinaryFiles(root) } : {}),
        }
        const analysis = analyze({ entry, pipeline, files })
        const planned = planAnalysed(analysis)
        expect(planned.diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
        const { artefact, diagnostics } = compileAnalysed(analysis)
        expect(diagnostics).toEqual([])
        const stages = artefact?.manifest.stages ?? []
        expect(stages.map((stage) => stage.name)).toEqual(planned.plan?.stages.map(({ stage }) => stage))
        for (const { file } of stages.flatMap(({ updates }) => updates.map(({ graphs }) => graphs.step)))
          expect(artefact?.files.get(file)?.length).toBeGreaterThan(0)
      })
  })
}
