import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { naming } from './faults/system-fault.js'

/** A name beside a file for its content on the way: others may write the same file at the same time. */
export const partOf = (file: string): string => `${file}.${randomUUID()}${partEnding}`

/** A file of such a name is unfinished, or was left by a process that has ended. */
export const isPart = (name: string): boolean => name.endsWith(partEnding)

const partEnding = '.part'

/**
 * Writes a file so that it holds all or nothing of its content, whatever ends the process or the machine: a file beside
 * it is written and synced, takes its name, and the folder, which holds the names, is synced.
 */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const part = partOf(file)
  const handle = openSync(part, 'w')
  try {
    naming(part, () => {
      writeFileSync(handle, content)
      fsyncSync(handle)
    })
  } finally {
    closeSync(handle)
  }
  renameDurably(part, file)
}

/** Gives a file or folder its name, for good. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to)
  syncPath(dirname(to))
}

/** What was written into a file, or the names in a folder, are on the disk when it returns. */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r')
  try {
    naming(path, () => fsyncSync(handle))
  } finally {
    closeSync(handle)
  }
}

/** The same while other work of the thread goes on: a disk may take its time. */
export const beside = {
  async writeWhole(file: string, content: string): Promise<void> {
    const part = partOf(file)
    const handle = await open(part, 'w')
    try {
      await naming(part, async () => {
        await handle.writeFile(content)
        await handle.sync()
      })
    } finally {
      await handle.close()
    }
    await beside.renameDurably(part, file)
  },

  async renameDurably(from: string, to: string): Promise<void> {
    await rename(from, to)
    await beside.syncPath(dirname(to))
  },

  async syncPath(path: string): Promise<void> {
    const handle = await open(path, 'r')
    try {
      await naming(path, () => handle.sync())
    } finally {
      await handle.close()
    }
  },
}
