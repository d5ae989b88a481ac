import { afterEach, expect, test, vi } from 'vitest'
import { version } from '../../src/compiler/version.js'
import { reportBug } from '../../src/cli/bug.js'
import { refusalOf } from '../../src/cli/refusal.js'

/* Aim: a mistake of ours gives exit code 70 and the line that shows it again, never a stack trace without asking. */

afterEach(() => vi.restoreAllMocks())

function reported(error: unknown, argv: readonly string[]): { code: number; text: string } {
  let text = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((part) => {
    text += String(part)
    return true
  })
  return { code: reportBug(error, argv), text }
}

test('a bug prints the command line, quoted for a shell', () => {
  const { code, text } = reported(new Error('no value'), ['run', 'my file.dcr', '--set', "name=it's"])
  expect(code).toBe(70)
  expect(text).toBe(`dcrc ${version} found a bug in itself: no value
  to see it again: DCRC_DEBUG=1 dcrc run 'my file.dcr' --set 'name=it'\\''s'
  please report this line, the files it needs, and what it prints
`)
})

test('with DCRC_DEBUG the stack is printed too', () => {
  vi.stubEnv('DCRC_DEBUG', '1')
  const { text } = reported(new Error('no value'), ['check'])
  expect(text).toContain('\n    at ')
  vi.unstubAllEnvs()
})

test('what the file system refuses is no bug, also when it comes from another thread', () => {
  const words = "ENOSPC: no space left on device, open '/data/a.part'"
  expect(refusalOf(structuredClone(new Error(words)))).toMatchObject({
    code: 'file/refused',
    message: "no space left on device, open '/data/a.part'",
    span: { file: '/data/a.part' },
  })
  expect(refusalOf(new Error('ENOENT: no such file or directory'))).toBeUndefined()
  expect(refusalOf('ENOSPC: a text')).toBeUndefined()
})
