import type { FileHandle } from 'node:fs/promises'

/** A file that is shorter than it says. */
export class EndOfFile extends Error {}

/** Bytes of a file. Throws EndOfFile where it ends before. */
export async function readAt(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Buffer<ArrayBuffer>> {
  const into = Buffer.from(new ArrayBuffer(length))
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(into, done, length - done, offset + done)
    if (bytesRead === 0) throw new EndOfFile(`the file ends ${length - done} bytes too early`)
    done += bytesRead
  }
  return into
}
