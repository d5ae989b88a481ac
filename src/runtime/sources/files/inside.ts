import { isAbsolute, normalize, sep } from 'node:path'

/** Whether a path from a file of data stays in the folder from which it is read. */
export function isInside(path: string): boolean {
  const [first] = normalize(path).split(sep)
  return !isAbsolute(path) && first !== '..' && !path.includes('\0')
}
