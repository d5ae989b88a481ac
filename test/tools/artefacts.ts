// Hashes of everything that `dcrc compile` would write for every pipeline of the repository, one line a file: a change
// of structure leaves them as they are. Takes about two minutes.
// usage: npm run artefacts > before.txt; ...; npm run artefacts | diff before.txt -
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const pipelines = readdirSync('pipelines', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.dcr') && !path.startsWith('std'))
  .flatMap((path) =>
    [...readFileSync(join('pipelines', path), 'utf8').matchAll(/^pipeline (\w+)/gm)].map(([, name = '']) => ({
      entry: join('pipelines', path),
      pipeline: name,
    })),
  )
  .toSorted((a, b) => (`${a.entry}#${a.pipeline}` < `${b.entry}#${b.pipeline}` ? -1 : 1))

for (const { entry, pipeline } of pipelines) {
  const { artefact, diagnostics } = compile({ entry, pipeline, files: new DiskFiles('.') })
  const say = (file: string, bytes: string | Uint8Array): void =>
    console.log(`${entry}#${pipeline} ${file} ${sha256(bytes)}`)
  if (!artefact) say('diagnostics', JSON.stringify(diagnostics.map(({ code, message }) => [code, message])))
  else {
    for (const [file, bytes] of artefact.files) say(file, bytes)
    say('manifest.json', JSON.stringify(artefact.manifest))
  }
}
