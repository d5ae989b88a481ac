import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compile, plan } from '../../src/compiler/index.js'

const root = fileURLToPath(new URL('../../pipelines', import.meta.url))
const all = process.env['DCRC_PIPELINES'] === 'all'

/** Every file that is no part of the library and declares one pipeline; outside of `npm run pipelines` the smaller ones. */
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.dcr') && !path.startsWith('std'))
  .filter((path) => readFileSync(join(root, path), 'utf8').match(/^pipeline /gm)?.length === 1)
  .filter((path) => all || path.startsWith('examples'))
  .toSorted()

describe('every pipeline is planned and compiled with no weights and no data there', () => {
  for (const entry of files)
    it(entry, { timeout: 400_000 }, () => {
      const request = { entry, files: { read: (path: string) => readFileSync(join(root, path), 'utf8') } }
      const planned = plan(request)
      expect(planned.diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
      const { artefact, diagnostics } = compile(request)
      expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
      const stages = artefact?.manifest.stages ?? []
      expect(stages.map(({ name }) => name)).toEqual(planned.plan?.stages.map(({ stage }) => stage))
      for (const { file } of stages.map(({ graphs }) => graphs.step))
        expect(artefact?.files.get(file)?.length).toBeGreaterThan(0)
    })
})
