import { writeFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { version } from '../../src/compiler/version.js'
import { reportBug } from '../../src/cli/bug.js'
import { faultOf } from '../../src/faults/fault.js'
import { naming } from '../../src/faults/system-fault.js'

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

test.each([
  [
    "ENOSPC: no space left on device, open '/data/a.part'",
    "no space left on device, open '/data/a.part'",
    /make room/,
  ],
  [
    "Unknown system error -122: Unknown system error -122, write '/q/b'",
    "disk quota exceeded, write '/q/b'",
    /make room/,
  ],
  ["EIO: i/o error, read '/d/c'", "i/o error, read '/d/c'", /the disk/],
  [
    "ENOENT: no such file or directory, rename '/d/a' -> '/d/b'",
    "no such file or directory, rename '/d/a'",
    /do not move/,
  ],
  ["EROFS: read-only file system, mkdir '/r/c'", "read-only file system, mkdir '/r/c'", /permissions/],
])(
  'what the file system refuses is no bug, also when it comes from another thread: %s',
  (words, message, help) => {
    const [, file = ''] = /'([^']*)'/.exec(words) ?? []
    expect(faultOf(structuredClone(new Error(words)))).toMatchObject({
      code: 'file/refused',
      message,
      help: expect.stringMatching(help),
      span: { file },
    })
  },
)

test('a write that the system refuses names its file', async () => {
  const full = (): void => writeFileSync('/dev/full', 'x')
  const told = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (error) {
      return faultOf(error)?.message
    }
  }
  expect(told(() => naming('/a/b', full))).toBe("no space left on device, write '/a/b'")
  const later = naming('/a/c', async () => full())
  await expect(later.catch((error: unknown) => faultOf(error)?.span.file)).resolves.toBe('/a/c')
})

test.each([
  'Array buffer allocation failed',
  'std::bad_alloc',
  'Failed to allocate memory for requested buffer of size 515',
])('memory that the machine has not is no bug: %s', (words) =>
  expect(faultOf(new RangeError(words))).toMatchObject({ code: 'run/out-of-memory' }),
)

test('a mistake of the program stays one', () => {
  for (const words of [
    'EBADF: bad file descriptor, write',
    'Cannot read properties of undefined',
    'Error: no',
  ])
    expect(faultOf(new Error(words))).toBeUndefined()
  expect(faultOf('ENOSPC: a text')).toBeUndefined()
})
