import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The shared libraries that a file needs and the loader does not find, by `ldd`; none where there is no `ldd`. */
export function missingLibraries(file: string): readonly string[] {
  const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' })
  return [...(stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map(([, name = '']) => name)
}

/** Whether the loader would find a library by its name. */
export const isLoadable = (name: string): boolean =>
  loaderFolders().some((folder) => existsSync(join(folder, name))) || inCache().has(name)

/** The folders in which the loader looks before its cache. */
const loaderFolders = (): readonly string[] =>
  (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '')

function inCache(): ReadonlySet<string> {
  for (const program of ['ldconfig', '/sbin/ldconfig']) {
    const { stdout } = spawnSync(program, ['-p'], { encoding: 'utf8' })
    if (stdout) return new Set([...stdout.matchAll(/^\s+(\S+) /gm)].map(([, name = '']) => name))
  }
  return new Set()
}
