import { dirname, join, relative, resolve } from 'node:path'
import { readFileSync } from '../disk.js'
import { version } from '../compiler/version.js'
import { packageRoot } from './files.js'

/**
 * What a `package.json` in a folder says to get this dcrc: what npm noted when it installed it (a version of the
 * registry, a packed file, a repository), else its place, a clone of the repository.
 */
export function ownSpecifier(folder: string, place: string = packageRoot): string {
  const modules = dirname(resolve(place))
  const from = modules.endsWith('node_modules') ? notedByNpm(modules) : undefined
  if (from === undefined) return `file:${relative(resolve(folder), resolve(place))}`
  if (from.startsWith('file:'))
    return `file:${relative(resolve(folder), resolve(dirname(modules), from.slice('file:'.length)))}`
  return from.endsWith(`/dcrc/-/dcrc-${version}.tgz`) ? version : from
}

/** Where npm took the package from, by the list that it leaves in each `node_modules`; there is none for global ones. */
function notedByNpm(modules: string): string | undefined {
  try {
    const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as {
      readonly packages?: { readonly 'node_modules/dcrc'?: { readonly resolved?: unknown } }
    }
    const resolved = packages?.['node_modules/dcrc']?.resolved
    return typeof resolved === 'string' ? resolved : undefined
  } catch {
    return undefined
  }
}
