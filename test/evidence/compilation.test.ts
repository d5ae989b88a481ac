import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Artefact } from '../../src/artefact/manifest.js'
import { Project, quickstart, repository } from './project.js'

/*
 * Aim: compiling is a function of the text. The same text gives the same bytes, in any process; what changes no
 * result (comments, names of values) changes no hash, and what changes a result changes the hashes of the stages that
 * it reaches, and no others.
 */

let project: Project
let text: string
beforeAll(async () => {
  project = await Project.create()
  text = readFileSync(project.path(quickstart, 'quickstart.dcr'), 'utf8')
})
afterAll(() => project.remove())

/** The quickstart with one of its evaluations; all of them take most of the time. */
const bare = `
use "./quickstart.dcr" { dcr }
pipeline bare extends dcr {
  remove evaluate gate; remove evaluate mnist; remove evaluate categories; remove evaluate grid
}`

const bytesOf = ({ files, manifest }: Artefact): Record<string, string> => ({
  'manifest.json': `${JSON.stringify(manifest, null, 1)}\n`,
  ...Object.fromEntries([...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])),
})

test('compiling twice gives the same bytes, in this process and in another', async () => {
  const here = bytesOf(project.compileText(bare))
  expect(bytesOf(project.compileText(bare))).toEqual(here)
  const command = `${repository}src/cli/main.ts`
  await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', command, 'compile', `${quickstart}/test.dcr`, '--out', 'out'],
    { cwd: project.root },
  )
  const there = readdirSync(project.path('out')).map((name) => {
    const content = readFileSync(project.path('out', name))
    return [name, content.toString(name === 'manifest.json' ? 'utf8' : 'base64')]
  })
  expect(Object.fromEntries(there)).toEqual(here)
})

describe('hashes', () => {
  interface Hashes {
    readonly manifest: string
    readonly stages: readonly string[]
  }
  let before: Hashes

  /** The hashes when the quickstart's text is another. */
  const hashes = (changed: string, settings: Readonly<Record<string, string>> = {}): Hashes => {
    project.write(`${quickstart}/quickstart.dcr`, changed)
    const { manifest } = project.compileText(bare, settings)
    return { manifest: manifest.hash, stages: manifest.stages.map(({ hash }) => hash) }
  }
  /** Which of align and enhance are another computation. */
  const changed = ({ manifest, stages }: Hashes): readonly boolean[] => {
    expect(manifest).not.toBe(before.manifest)
    return stages.map((hash, i) => hash !== before.stages[i])
  }
  const replaced = (from: string | RegExp, to: string): string => {
    const result = text.replaceAll(from, to)
    expect(result).not.toBe(text)
    return result
  }
  beforeAll(() => {
    before = hashes(text)
  })
  afterAll(() => project.write(`${quickstart}/quickstart.dcr`, text))

  test('comments and names of values change none', () => {
    const renamed = replaced(/\b(noisy|positive|goal|denoise)\b/g, 'my_$1')
    expect(hashes(`// a word on it\n${renamed.replaceAll('\n  let ', '\n\n  // why\n  let ')}`)).toEqual(
      before,
    )
  })

  test('a setting changes the stages that it reaches, and no others', () => {
    expect(changed(hashes(text, { tau: '0.2' }))).toEqual([true, true])
    expect(changed(hashes(text, { lr: '1e-5' }))).toEqual([false, true])
  })

  test('steps and draws do too, and reach the stages that start from what they change', () => {
    // align trains the projector, from which enhance starts.
    const [align = '', enhance = ''] = text.split('stage enhance {')
    const shorter = align.replace('steps 300', 'steps 299')
    expect(changed(hashes(`${shorter}stage enhance {${enhance}`))).toEqual([true, true])
    expect(changed(hashes(replaced('let t = draw randint(400,', 'let t = draw randint(401,')))).toEqual([
      true,
      true,
    ])
  })
})
