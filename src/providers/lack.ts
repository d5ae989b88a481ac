import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Installed } from '../targets/session.js'
import { isLoadable, missingLibraries } from './missing-libraries.js'
import { packageFolder, providerFolder } from './folder.js'

/** What this machine lacks for a provider, and what brings it. */
export interface Lack {
  readonly what: string
  readonly help: string
}

/** What is missing for a provider; undefined where all of its files and libraries are found. */
export function lackOf({ title, files, loaded, brings }: Installed): Lack | undefined {
  const folder = packageFolder()
  const paths = files.map((file) => join(providerFolder(folder ?? ''), file))
  if (paths.some((path) => !existsSync(path)))
    return {
      what: `onnxruntime's provider for ${title} is not installed`,
      help: `npx dcrc doctor --install ${title.toLowerCase()}`,
    }
  const missing = [
    ...missingLibraries(paths.at(-1) ?? ''),
    ...loaded.filter((library) => !isLoadable(library)),
  ]
  if (missing.length === 0) return undefined
  const needed = new Set(
    missing.flatMap((name) => brings.find(({ library }) => name.startsWith(library))?.what ?? []),
  )
  return {
    what: `the loader does not find ${missing.join(', ')}`,
    help: `install ${[...needed].join(', and ')}; where it lies elsewhere, name its folder in LD_LIBRARY_PATH`,
  }
}
