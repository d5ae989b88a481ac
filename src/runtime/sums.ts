import { existsSync, readdirSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { emptyTable } from '../json/table.js'

/** What a file held when it was written. */
export const sumSchema = z.strictObject({
  bytes: z.int().nonnegative(),
  crc32: z.int().nonnegative(),
})
export type Sum = z.infer<typeof sumSchema>

const piece = 4 * 1024 * 1024

/** The sum of a file, read a piece at a time. */
export async function sumOf(file: string): Promise<Sum> {
  const handle = await open(file, 'r')
  try {
    return await sumOfOpen(handle)
  } finally {
    await handle.close()
  }
}

/** Sums of all files below a folder, by their names in it. */
export async function sumsIn(folder: string): Promise<Record<string, Sum>> {
  const sums = emptyTable<Sum>()
  if (!existsSync(folder)) return sums
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name)
    if (statSync(path).isFile()) sums[name.split(sep).join('/')] = await sumOf(path)
  }
  return sums
}

async function sumOfOpen(handle: FileHandle): Promise<Sum> {
  const buffer = Buffer.allocUnsafe(piece)
  let [bytes, sum] = [0, 0]
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, piece, bytes)
    if (bytesRead === 0) return { bytes, crc32: sum }
    sum = crc32(buffer.subarray(0, bytesRead), sum)
    bytes += bytesRead
  }
}
