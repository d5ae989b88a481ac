import { close, fstatSync, openSync, read } from 'node:fs'
import yauzl from 'yauzl'

/**
 * An open file for yauzl. A damaged archive may point anywhere, also to places that no file has: of these yauzl hears,
 * where Node would throw while nobody listens.
 */
export class BoundedFile extends yauzl.RandomAccessReader {
  private readonly fd: number
  readonly size: number

  constructor(path: string) {
    super()
    this.fd = openSync(path, 'r')
    this.size = fstatSync(this.fd).size
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (err: Error | null) => void,
  ): void {
    if (position >= 0 && position + length <= this.size)
      read(this.fd, buffer, offset, length, position, (error) => callback(error))
    else setImmediate(() => callback(new Error('it points beyond its end')))
  }

  override close(callback: (err: Error | null) => void): void {
    close(this.fd, (error) => callback(error ?? null))
  }
}
