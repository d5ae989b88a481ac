import { readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
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

/** The files that a pattern with braces, `*` and `?` in the last part of its path names, in order; from `root`. */
export function filesOf(pattern: string, root: string): readonly string[] {
  const found = braces(pattern).flatMap((path) => {
    const [folder, name] = [resolve(root, dirname(path)), basename(path)]
    if (!/[*?]/.test(name)) return [join(folder, name)]
    const fits = new RegExp(
      `^${name
        .replaceAll(/[.+^$()|[\]\\{}]/g, String.raw`\$&`)
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    )
    try {
      return readdirSync(folder)
        .filter((file) => fits.test(file))
        .toSorted(byName)
        .map((file) => join(folder, file))
    } catch {
      return []
    }
  })
  return [...new Set(found)]
}
