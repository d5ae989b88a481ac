import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DiskFiles, readText } from '../../src/cli/files.js'
import { findTarget } from '../../src/cli/target.js'
import { UserError } from '../../src/diagnostics/diagnostic.js'

const folder = mkdtempSync(join(tmpdir(), 'dcrc-paths-'))
afterAll(() => rmSync(folder, { recursive: true }))
const pipeline = 'pipeline p {}\n'
writeFileSync(join(folder, 'digits.dcr'), pipeline)
writeFileSync(join(folder, 'marked.dcr'), `\ufeff${pipeline}`)
writeFileSync(join(folder, 'utf16.dcr'), Buffer.from(pipeline, 'utf16le'))
writeFileSync(join(folder, 'latin1.dcr'), Buffer.from(`// é\n${pipeline}`, 'latin1'))
mkdirSync(join(folder, 'pipelines'))

/** The message and the help of what is refused. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof UserError) return `${error.diagnostic.message}; ${error.diagnostic.help ?? ''}`
    throw error
  }
  return 'nothing is refused'
}

describe('a path on the command line', () => {
  const refused = (path: string): string => refusal(() => findTarget(path, folder))
  it('that is a slip of another names the other', () =>
    expect(refused('digit.dcr')).toBe('cannot read `digit.dcr`; did you mean `digits.dcr`?'))
  it('that leads nowhere says from where paths count', () =>
    expect(refused('elsewhere/far.dcr')).toContain('relative to the folder that dcrc is started in'))
  it('that is a folder is called one', () =>
    expect(refused('pipelines')).toBe('`pipelines` is a folder; name a file in it'))
})

describe('a file that is no text in UTF-8 is refused, not read with characters lost', () => {
  for (const name of ['utf16.dcr', 'latin1.dcr'])
    it(name, () =>
      expect(refusal(() => new DiskFiles(folder).read(name))).toBe(
        `\`${name}\` is no text in UTF-8; save it as UTF-8, or name another file`,
      ),
    )
  it('but a mark of the byte order is none of that', () =>
    expect(readText(join(folder, 'marked.dcr'))).toBe(`\ufeff${pipeline}`))
})
