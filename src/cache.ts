import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileSync } from './disk.js'

/** Where a project keeps weights that were written anew to be read; it can be deleted at any time. */
export const weightCache = (root: string): string => join(root, '.dcrc', 'cache', 'weights')

/** Where a project keeps results of prologues; it can be deleted at any time. */
export const prologueCache = (root: string): string => join(root, '.dcrc', 'cache', 'prologue')

/** Where a project keeps pictures that were decoded and resized; it can be deleted at any time. */
export const pictureCache = (root: string): string => join(root, '.dcrc', 'cache', 'pictures')

/** Where a project keeps what `cached` has computed of rows; it can be deleted at any time. */
export const featureCache = (root: string): string => join(root, '.dcrc', 'cache', 'features')

/** Where a project keeps hashes of large files; it can be deleted at any time. */
export const contentCache = (root: string): string => join(root, '.dcrc', 'cache', 'contents')

/** Where a project keeps the results of stages, which every run with the same stage takes; see `runtime/store`. */
export const stageStore = (root: string): string => join(root, '.dcrc', 'stages')

/** Makes the folder where it is not there. */
export function openCache(folder: string): string {
  mkdirSync(folder, { recursive: true })
  // a cache in a repository is never part of it
  if (!existsSync(join(folder, '.gitignore'))) writeFileSync(join(folder, '.gitignore'), '*\n')
  return folder
}
