import { join, relative, sep } from 'node:path'
import { outsideOfFolder } from './diagnostics/catalogue/file.js'
import { UserError } from './diagnostics/diagnostic.js'

/**
 * The path of something in a folder. Names come from files that others may have written: one that leads out of the
 * folder is refused before anything is written or removed there. Throws UserError.
 */
export function inside(folder: string, ...names: readonly string[]): string {
  const path = join(folder, ...names)
  const [first] = relative(folder, path).split(sep)
  if (first === '..' || names.some((name) => name.includes('\0')))
    throw new UserError(
      outsideOfFolder({ file: folder, start: 0, end: 0 }, { folder, name: names.join('/') }),
    )
  return path
}
