import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, existsSync, realpathSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { readFileSync, writeFileSync } from '../disk.js'
import { openCache } from '../cache.js'
import { naming } from '../faults/system-fault.js'
import { hashOf, stateOf } from './conversions.js'

/** The SHA-256 of a file's content, for which it is read once. */
export const contentOf = (file: string, cache: string): Promise<string> =>
  remembered(file, { cache, about: [], isText: (text) => /^[0-9a-f]{64}$/.test(text) }, async () => {
    const hash = createHash('sha256')
    await naming(file, async () => {
      for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 }))
        hash.update(piece as Buffer)
    })
    return hash.digest('hex')
  })

/**
 * A text that follows from a file's content, and from what else it is `about`. It is kept in `cache` under what the file
 * system says of the file, so that weights of gigabytes are read for it once.
 */
export async function remembered(
  file: string,
  {
    cache,
    about,
    isText,
  }: {
    readonly cache: string
    readonly about: readonly unknown[]
    /** Whether what was kept may be it: a file of the cache may be damaged. */
    readonly isText: (text: string) => boolean
  },
  make: () => Promise<string>,
): Promise<string> {
  const kept = join(cache, `${hashOf(realpathSync(file), ...about)}.${stateOf(file)}`)
  if (existsSync(kept)) {
    const text = readFileSync(kept, 'utf8')
    if (isText(text)) return text
  }
  const text = await make()
  openCache(cache)
  const part = `${kept}.${randomUUID()}`
  writeFileSync(part, text)
  renameSync(part, kept)
  return text
}
