import { spawnSync } from 'node:child_process'

/** The shared libraries that a file needs and the loader does not find, by `ldd`; none where there is no `ldd`. */
export function missingLibraries(file: string): readonly string[] {
  const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' })
  return [...(stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map(([, name = '']) => name)
}
