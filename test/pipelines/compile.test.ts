import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compile, plan } from '../../src/compiler/index.js'

const root = fileURLToPath(new URL('../../pipelines', import.meta.url))
const all = process.env['DCRC_PIPELINES'] === 'all'

/** Every pipeline that is no part of the library, `FILE#name`; outside of `npm run pipelines` the smaller ones. */
const pipelines = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.dcr') && !path.startsWith('std'))
  .filter((path) => all || path.startsWith('examples'))
  .flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/^pipeline (\w+)/gm)].map(
      ([, name]) => `${path}#${name}`,
    ),
  )
  .toSorted()

describe('every pipeline is planned and compiled with no weights and no data there', () => {
  for (const name of pipelines)
    it(name, { timeout: 400_000 }, () => {
      const [entry = '', pipeline = ''] = name.split('#')
      const request = {
        entry,
        pipeline,
        files: { read: (path: string) => readFileSync(join(root, path), 'utf8') },
      }
      const planned = plan(request)
      expect(planned.diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
      const { artefact, diagnostics } = compile(request)
      expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
      const stages = artefact?.manifest.stages ?? []
      expect(stages.map((stage) => stage.name)).toEqual(planned.plan?.stages.map(({ stage }) => stage))
      for (const { file } of stages.map(({ graphs }) => graphs.step))
        expect(artefact?.files.get(file)?.length).toBeGreaterThan(0)
    })
})
