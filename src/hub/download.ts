import { type Hash, createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { HubError, hubError } from './hub-error.js'
import type { HubFile } from './wanted-files.js'
import { naming } from '../faults/system-fault.js'

export interface Download {
  readonly file: HubFile
  /** Where it is to lie. */
  readonly target: string
  /** Its content; bytes are asked for from any place on. */
  readonly open: () => Promise<Blob>
  readonly endpoint: string
  /** Bytes that are there. */
  readonly onProgress: (done: number) => void
}

/** How often a broken connection is taken up again without that a byte came. */
const attempts = 3

/**
 * Downloads a file: into `<target>.<hash>.incomplete`, from where an earlier download broke off, and under its name when
 * its hash is right. Throws HubError.
 */
export async function download({
  file,
  target,
  open: openBlob,
  endpoint,
  onProgress,
}: Download): Promise<void> {
  if (await isThere(file, target)) {
    onProgress(file.size)
    return
  }
  await mkdir(dirname(target), { recursive: true })
  const part = `${target}.${file.hash.slice(0, 12)}.incomplete`
  const hash = hashOf(file)
  const handle = await open(part, 'a')
  try {
    let done = await hashed(part, (await handle.stat()).size, hash)
    onProgress(done)
    for (let failures = 0; done < file.size;) {
      const before = done
      try {
        const blob = await openBlob()
        done = await naming(part, () => receive(blob, before, handle, hash, onProgress))
        if (done < file.size)
          throw new HubError('broken', `${file.path} ends after ${done} of ${file.size} bytes`)
      } catch (error) {
        if (isOfFiles(error)) throw error
        done = (await handle.stat()).size
        failures = done > before ? 0 : failures + 1
        if (failures >= attempts) throw broken(error, endpoint, file, done)
      }
    }
    await handle.datasync()
    if (done > file.size || hash.digest('hex') !== file.hash) {
      await rm(part)
      throw new HubError('damaged', `what ${endpoint} sent as ${file.path} has another hash than it says`)
    }
  } finally {
    await handle.close()
  }
  await rename(part, target)
}

/** As the hub hashes: large files by their content, small ones as git does. */
const hashOf = ({ large, size }: HubFile): Hash =>
  large ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)

/** Whether the target is the file. Those of the cache are called after their hash, others are read to know. */
async function isThere(file: HubFile, target: string): Promise<boolean> {
  if (statSync(target, { throwIfNoEntry: false })?.size !== file.size) return false
  if (basename(target) === file.hash) return true
  const hash = hashOf(file)
  await hashed(target, file.size, hash)
  return hash.digest('hex') === file.hash
}

/** Takes what is there already into the hash. */
async function hashed(part: string, size: number, hash: Hash): Promise<number> {
  if (size > 0) for await (const bytes of createReadStream(part)) hash.update(bytes as Buffer)
  return size
}

async function receive(
  blob: Blob,
  start: number,
  into: FileHandle,
  hash: Hash,
  onProgress: (done: number) => void,
): Promise<number> {
  let done = start
  const reader = blob.slice(start).stream().getReader()
  for (;;) {
    const { done: ended, value } = await reader.read()
    if (ended) return done
    await into.writeFile(value)
    hash.update(value)
    done += value.length
    if (done > blob.size) {
      await reader.cancel()
      return done
    }
    onProgress(done)
  }
}

/** A full disk or a folder without permission is no fault of the connection. */
const isOfFiles = (error: unknown): boolean =>
  error instanceof Error && 'errno' in error && 'syscall' in error

function broken(error: unknown, endpoint: string, file: HubFile, done: number): HubError {
  const known = hubError(error, endpoint)
  if (known && known.fault !== 'unreachable') return known
  return done === 0 && known
    ? known
    : new HubError('broken', `the connection broke off at ${done} of ${file.size} bytes of ${file.path}`)
}
