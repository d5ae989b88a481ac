import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCache } from '../cache.js'
import { hashOf, stateOf } from './conversions.js'

/**
 * The SHA-256 of a file's content. It is kept in `cache` under what the file system says of the file, so that weights
 * of gigabytes are read for it once.
 */
export async function contentOf(file: string, cache: string): Promise<string> {
  const kept = join(cache, `${hashOf(realpathSync(file))}.${stateOf(file)}`)
  if (existsSync(kept)) {
    const text = readFileSync(kept, 'utf8')
    if (/^[0-9a-f]{64}$/.test(text)) return text
  }
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer)
  const digest = hash.digest('hex')
  openCache(cache)
  const part = `${kept}.${randomUUID()}`
  writeFileSync(part, digest)
  renameSync(part, kept)
  return digest
}
