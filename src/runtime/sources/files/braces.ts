import { readdirSync, statSync } from 'node:fs'
import { join, parse, resolve, sep } from 'node:path'
import { DataInvalid, DataMissing } from '../dataset.js'
import { byName } from './by-name.js'

const most = 1_000_000

/** `{000..002}` and `{a,b}` written out, as a shell does; numbers keep their leading zeros. */
export function braces(pattern: string): readonly string[] {
  const match = /\{([^{}]*)\}/.exec(pattern)
  if (!match) return [pattern]
  const [whole, inner = ''] = match
  const before = pattern.slice(0, match.index)
  const after = pattern.slice(match.index + whole.length)
  const choices = rangeOf(inner) ?? (inner.includes(',') ? inner.split(',') : undefined)
  if (!choices) return [pattern]
  return choices.flatMap((choice) => braces(before + choice + after))
}

function rangeOf(inner: string): readonly string[] | undefined {
  const [, low = '', high = ''] = /^(\d+)\.\.(\d+)$/.exec(inner) ?? []
  if (low === '') return undefined
  const [first, last] = [Number(low), Number(high)]
  if (last - first >= most) return undefined
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    String(first + i).padStart(low.length, '0'),
  )
}

/** The files that a pattern with braces, `*` and `?` names, in order; from `root`. */
export function filesOf(pattern: string, root: string): readonly string[] {
  const found = braces(pattern).flatMap((path) => {
    const full = resolve(root, path)
    const { root: start } = parse(full)
    return full
      .slice(start.length)
      .split(sep)
      .reduce<readonly string[]>(
        (folders, part) =>
          /[*?]/.test(part) ? folders.flatMap((f) => fitting(f, part)) : folders.map((f) => join(f, part)),
        [start],
      )
  })
  return [...new Set(found)]
}

/** What a folder holds of names that fit a pattern; hidden ones are left out, as a shell does. */
function fitting(folder: string, pattern: string): readonly string[] {
  const escaped = pattern.replaceAll(/[.+^$()|[\]\\{}]/g, String.raw`\$&`)
  const fits = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'u')
  try {
    return readdirSync(folder)
      .filter((name) => fits.test(name) && (!name.startsWith('.') || pattern.startsWith('.')))
      .toSorted(byName)
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** The files of a pattern. Throws DataMissing or DataInvalid where one is not there or no file. */
export function filesThere(pattern: string, root: string, ending: string, help: string): readonly string[] {
  const files = filesOf(pattern, root)
  if (files.length === 0) throw new DataMissing(`no file is named ${pattern}`, help)
  for (const file of files) {
    const about = statSync(file, { throwIfNoEntry: false })
    if (!about) throw new DataMissing(`${file} is missing`, help)
    if (about.isDirectory())
      throw new DataInvalid(
        `${file} is a folder`,
        `name the files in it: ${JSON.stringify(`${pattern}/*${ending}`)}`,
      )
  }
  return files
}
