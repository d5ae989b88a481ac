import { refused } from '../diagnostics/catalogue/file.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'

/** `CODE: words, call 'path'`, as Node writes all errors of the system; of codes it does not know it writes the number. */
const pattern =
  /^(E[A-Z0-9]+|UNKNOWN|Unknown system error -?\d+): (.*?)(?:, ([a-z]\w*)(?: '(.*?)'(?: -> '(.*)')?)?)?$/s

/** There is no place, or none may be written. */
const isFull = new Set(['ENOSPC', 'EDQUOT', 'Unknown system error -122', 'EROFS'])

/** What only a mistake of the program gives: a file that is not open, memory that is not its own. */
const ours = new Set(['EBADF', 'EFAULT', 'ERR'])

/** Words for codes that Node has none for. */
const words: Readonly<Record<string, string>> = {
  EDQUOT: 'disk quota exceeded',
  'Unknown system error -122': 'disk quota exceeded',
  'Unknown system error -116': 'stale file handle',
}

const space =
  'make room on the disk and start the command again; a run goes on from its last checkpoint with --resume'
const unmade = 'the folder around it is gone, or its disk is read-only: write somewhere else'
const advice: Readonly<Record<string, string>> = {
  ENOSPC: space,
  EDQUOT: space,
  'Unknown system error -122': space,
  ENOENT: 'it was there or should be: do not move or remove what a command works on',
  EIO: 'the disk or the network drive cannot be read or written: look at it, or use another',
  EMFILE: 'close other programs, or allow more open files (`ulimit -n`)',
  ENFILE: 'close other programs, or allow more open files',
}

const nowhere = { file: '', start: 0, end: 0 }

/**
 * The diagnostic for an error of the operating system: the user's disk, not the program, is at fault. It is known by its
 * message, since between threads an error loses its other properties.
 */
export function systemFault(error: unknown): Diagnostic | undefined {
  const [, code = '', said = '', call, from = '', to] =
    error instanceof Error ? (pattern.exec(error.message) ?? []) : []
  if (code === '' || ours.has(code)) return undefined
  // what a copy cannot write is not the file that it reads
  const path = (isFull.has(code) && to) || from
  if (call === 'uv_cwd')
    return refused(nowhere, {
      problem: 'the folder that dcrc was started in is gone',
      help: 'go to one that is there: `cd`',
    })
  const problem = [words[code] ?? said, call && `, ${call}`, path && ` '${path}'`].filter(Boolean).join('')
  // of a folder on a disk that is read-only Node says that it is not there
  const help = code === 'ENOENT' && call === 'mkdir' ? unmade : advice[code]
  return refused({ file: path, start: 0, end: 0 }, { problem, help })
}

/** Does something with an open file; where the system refuses it without a word on the file, its name is added. */
export function naming<T>(file: string, work: () => T): T {
  try {
    const done = work()
    return done instanceof Promise ? (done.catch((error: unknown) => rethrow(file, error)) as T) : done
  } catch (error) {
    return rethrow(file, error)
  }
}

function rethrow(file: string, error: unknown): never {
  if (!(error instanceof Error)) throw error
  const [, code = '', , call, path] = pattern.exec(error.message) ?? []
  if (code === '' || call === undefined || path !== undefined) throw error
  // with its code, by which callers know it
  throw Object.assign(new Error(`${error.message} '${file}'`, { cause: error }), error)
}
