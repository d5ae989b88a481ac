import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs'

/** What a disk that loses its power may hold behind the bytes of a file that were synced. */
export type Lost = 'nothing' | 'zeros'

interface Known {
  /** So many bytes are on the disk. */
  synced: number
  /** Whether it was written to since. */
  isDirty: boolean
}

/**
 * Does to the files of a killed process what a power cut may do: what it has written and not synced is lost. Names are
 * as they were given, which journals of file systems hold in order. The log is that of inject.c; the last of its calls
 * was not made.
 */
export function cutPower(log: string, lost: Lost): void {
  for (const [path, { synced, isDirty }] of knownFiles(log)) {
    if (!isDirty || !existsSync(path)) continue
    const { size } = statSync(path)
    truncateSync(path, Math.min(synced, size))
    if (lost === 'zeros') truncateSync(path, size)
  }
}

function knownFiles(log: string): ReadonlyMap<string, Known> {
  const files = new Map<string, Known>()
  const calls = readFileSync(log, 'utf8').trimEnd().split('\n').slice(0, -1)
  for (const call of calls) {
    const [, name = '', size = '', path = '', to = ''] = call.split('\t')
    const known = files.get(path) ?? { synced: 0, isDirty: false }
    switch (name) {
      case 'open':
        files.set(path, known)
        break
      case 'open-empty':
        files.set(path, { synced: 0, isDirty: true })
        break
      case 'fsync':
      case 'fdatasync':
        Object.assign(known, { synced: Number(size), isDirty: false })
        break
      case 'link':
        files.set(to, known)
        break
      case 'rename':
        for (const [file, moved] of files.entries()) {
          if (file !== path && !file.startsWith(`${path}/`)) continue
          files.delete(file)
          files.set(to + file.slice(path.length), moved)
        }
        break
      case 'unlink':
        files.delete(path)
        break
      default:
        known.isDirty = true
    }
  }
  return files
}
