import { join } from 'node:path'
import { checkFile } from '../compiler/check-file.js'
import type { Fix } from '../diagnostics/diagnostic.js'
import { applyFixes } from '../diagnostics/fix.js'
import { type CompilingOptions, asked } from './compiling-options.js'
import { replaceFile } from './replace-file.js'
import { type Target, findTarget } from './target.js'

/** A fix may uncover the next mistake; a source in which this many rounds end nothing is left as it is then. */
const maxRounds = 50

/** Applies what can be mended by itself in a file and in those that it uses, until nothing more can. */
export function fixAll(name: string | undefined, options: CompilingOptions): number {
  let applied = 0
  for (let round = 0; round < maxRounds; round++) {
    const target = findTarget(name)
    const files = byFile(
      target,
      checkFile({ ...target, ...asked(options) }).flatMap((d) => d.fix ?? []),
    )
    if (files.size === 0) break
    for (const [path, fixes] of files) {
      const fixed = applyFixes(target.files.texts.get(path) ?? '', fixes)
      replaceFile(path.startsWith('/') ? path : join(target.files.root, path), fixed.text)
      applied += fixed.applied
    }
  }
  return applied
}

/** The fixes of each file that is the user's own. */
function byFile({ files }: Target, fixes: readonly Fix[]): ReadonlyMap<string, readonly Fix[]> {
  const found = new Map<string, Fix[]>()
  for (const fix of fixes) {
    const { file } = fix.span
    if (file.startsWith('std/') || !files.texts.has(file)) continue
    found.set(file, [...(found.get(file) ?? []), fix])
  }
  return found
}
