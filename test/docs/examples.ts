import { readFileSync } from 'node:fs'
import { analyze } from '../../src/compiler/analyze.js'
import { checkFile } from '../../src/compiler/check-file.js'
import { compile } from '../../src/compiler/index.js'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.js'
import { render } from '../../src/diagnostics/render.js'
import { DiskBinaryFiles } from '../../src/runtime/binary-files.js'
import { readLibrary } from '../check/analyze.js'
import { fixtureFile } from '../onnx/fixtures.js'
import { type Block, blocksOf } from '../tools/tour.js'

/** A block of a page as whole files; `entry` is compiled. */
export interface Example {
  readonly name: string
  readonly entry: string
  readonly files: ReadonlyMap<string, string>
}

/** Files that examples name and the page does not show. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['words.txt', readFileSync('pipelines/quickstart/words.txt', 'utf8')],
])

/**
 * The `dcr` blocks of a page. One that is marked with a file name, `dcr base.dcr`, is that file for all others. A block
 * with declarations that only a file holds is a file; any other stands in a pipeline that extends the one of the marked
 * file and sees what that uses.
 */
export function examplesOf(page: string): readonly Example[] {
  const blocks = blocksOf(page).filter((block) => block.language === 'dcr')
  const base = blocks.find(({ about }) => about !== '')
  return blocks.map((block) => {
    const [line = ''] = block.text.split('\n')
    const shared: [string, string][] = base ? [[base.about, base.text]] : []
    const [entry, text] = block === base ? [base.about, base.text] : ['example.dcr', wholeFile(block, base)]
    return { name: line, entry, files: new Map([...elsewhere, ...shared, [entry, text]]) }
  })
}

function wholeFile({ text }: Block, base: Block | undefined): string {
  const named = text.replaceAll('encoder.onnx', fixtureFile('onnx_clip_dynamo'))
  const topmost = /^(?:use|module|record|pipeline|ablation) /m.test(named)
  if (topmost || !base) return /^pipeline /m.test(named) ? named : `${named}\npipeline example {}\n`
  const name = /^pipeline (\w+)/m.exec(base?.text ?? '')?.[1] ?? ''
  return `${base?.text ?? ''}\npipeline example extends ${name} {\n${named}}\n`
}

/** What is wrong with an example, as a user reads it; what it leaves unused and weights that are not here are none of it. */
export function problemsOf({ entry, files }: Example): string {
  const request = {
    entry,
    files: {
      read: (path: string) => files.get(path) ?? (path.startsWith('std/') ? readLibrary(path) : undefined),
      binary: new DiskBinaryFiles('/'),
    },
  }
  const wrong = (found: readonly Diagnostic[]): readonly Diagnostic[] =>
    found.filter(({ code }) => !['name/unused', 'pipeline/idle', 'model/absent'].includes(code))
  const checked = wrong(checkFile(request))
  const shown = (found: readonly Diagnostic[]): string => render(found, files, { color: false, width: 100 })
  if (checked.length > 0) return shown(checked)
  const text = files.get(entry) ?? ''
  for (const [, pipeline = ''] of text.matchAll(/^pipeline (\w+)/gm)) {
    if ((analyze({ ...request, pipeline }).lowered?.stages.length ?? 0) === 0) continue
    const { diagnostics, artefact } = compile({ ...request, pipeline })
    if (!artefact) return shown(diagnostics)
  }
  return ''
}
