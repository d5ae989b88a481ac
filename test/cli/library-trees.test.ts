import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseFile, treeFile } from '../../src/cli/library-trees.js'
import { parse } from '../../src/compiler/1-parse/index.js'

const folder = mkdtempSync(join(tmpdir(), 'dcrc-trees-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Keeps the tree of a text as the build does. */
function build(path: string, text: string): void {
  mkdirSync(join(folder, 'std'), { recursive: true })
  writeFileSync(treeFile(path, folder), JSON.stringify(parse(path, text).file))
}

describe('trees of the library that the build made', () => {
  const names = readdirSync('pipelines/std').filter((name) => name.endsWith('.dcr'))
  it.each(names)('%s is what its text is parsed to', (name) => {
    const [path, text] = [`std/${name}`, readFileSync(`pipelines/std/${name}`, 'utf8')]
    build(path, text)
    expect(parseFile(path, text, folder)).toStrictEqual(parse(path, text))
  })

  it('are not taken for a text that has changed, nor for files of a user', () => {
    build('std/one.dcr', 'let a = 1\n')
    const names = (text: string, path: string): readonly string[] =>
      parseFile(path, text, folder).file.declarations.map((d) =>
        d.kind === 'let' && d.pattern.kind === 'name-pattern' ? d.pattern.name.text : d.kind,
      )
    writeFileSync(
      treeFile('std/one.dcr', folder),
      readFileSync(treeFile('std/one.dcr', folder), 'utf8').replace('"text":"a"', '"text":"kept"'),
    )
    expect(names('let a = 1\n', 'std/one.dcr')).toEqual(['kept'])
    expect(names('let b = 1\n', 'std/one.dcr')).toEqual(['b'])
    expect(names('let a = 1\n', 'one.dcr')).toEqual(['a'])
  })
})
