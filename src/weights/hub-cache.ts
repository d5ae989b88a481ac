import { readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { readFileSync } from '../disk.js'
import { type ModelId, idPart } from '../model-id.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where Hugging Face's libraries keep what they download; they look at the same variables in the same order, and expand
 * `~` and `$NAME` in them. Source: huggingface_hub constants.py.
 */
export function hubCache(env: Environment = process.env): string {
  const home = env['HF_HOME'] || join(env['XDG_CACHE_HOME'] || '~/.cache', 'huggingface')
  const given = env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(expanded(home, env), 'hub')
  return expanded(given, env)
}

/** As Python's `expandvars(expanduser(path))`: what is not set stays as it is written. */
function expanded(path: string, env: Environment): string {
  const own = path === '~' || path.startsWith('~/') ? (env['HOME'] ?? homedir()) + path.slice(1) : path
  return own.replace(
    /\$(?:(\w+)|\{([^}]*)\})/g,
    (all: string, plain?: string, braced?: string) => env[plain ?? braced ?? ''] ?? all,
  )
}

/** The folder of a model in the cache: `blobs`, `refs` and `snapshots`. */
export const modelCache = ({ repo }: ModelId, env?: Environment): string =>
  join(hubCache(env), `models--${repo.replace('/', '--')}`)

/** The folder or file that an id names in the cache; undefined where that is not there. */
export function inCache(id: ModelId, env?: Environment): string | undefined {
  const folder = modelCache(id, env)
  const commit = readRef(join(folder, 'refs', id.revision)) ?? id.revision
  const path = join(folder, 'snapshots', commit, ...id.inside.split('/'))
  return statSync(path, { throwIfNoEntry: false }) ? path : undefined
}

function readRef(file: string): string | undefined {
  try {
    const commit = readFileSync(file, 'utf8').trim()
    return /^[0-9a-f]{40}$/.test(commit) ? commit : undefined
  } catch {
    return undefined
  }
}

/** The revisions of a model that the cache holds, by the names that an id can give them. */
export function cachedRevisions(id: ModelId, env?: Environment): string[] {
  const names = (kind: string): string[] => {
    try {
      return readdirSync(join(modelCache(id, env), kind))
    } catch {
      return []
    }
  }
  return [...names('refs'), ...names('snapshots')].filter((name) => new RegExp(`^${idPart}$`).test(name))
}
