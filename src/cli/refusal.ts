import { refused } from '../diagnostics/catalogue/file.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'

/** What the system refuses for reasons that lie with the user's files, not with the program. */
const reasons = /^(EACCES|EPERM|EROFS|ENOSPC|EDQUOT|ENOTDIR|EEXIST|EISDIR|ENAMETOOLONG|EMFILE|EBUSY): (.*)$/s

/**
 * The diagnostic for an error of the file system. It is known by its message: between threads an error loses its other
 * properties.
 */
export function refusalOf(error: unknown): Diagnostic | undefined {
  const [, , words] = error instanceof Error ? (reasons.exec(error.message) ?? []) : []
  if (words === undefined) return undefined
  const [, path = ''] = /'([^']*)'/.exec(words) ?? []
  return refused({ file: path, start: 0, end: 0 }, { problem: words })
}
