import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a project keeps weights that were written anew to be read; it can be deleted at any time. */
export const weightCache = (root: string): string => join(root, '.dcrc', 'cache', 'weights')

/** Where a project keeps results of prologues; it can be deleted at any time. */
export const prologueCache = (root: string): string => join(root, '.dcrc', 'cache', 'prologue')

/** Makes the folder where it is not there. */
export function openCache(folder: string): string {
  mkdirSync(folder, { recursive: true })
  // a cache in a repository is never part of it
  if (!existsSync(join(folder, '.gitignore'))) writeFileSync(join(folder, '.gitignore'), '*\n')
  return folder
}
