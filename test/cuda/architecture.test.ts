import { expect, it } from 'vitest'
import { forOneArchitecture } from '../gpu/architecture.js'

/* Aim: images of other architectures become zeros where the wanted one is there, and nothing else changes. */

/** A set of images, each of so many bytes of its own architecture's number. */
function set(
  ...images: readonly { readonly kind?: number; readonly sm: number; readonly bytes: number }[]
): Buffer {
  const body = images.map(({ kind = 2, sm, bytes }) => {
    const header = Buffer.alloc(64)
    header.writeUInt16LE(kind, 0)
    header.writeUInt32LE(64, 4)
    header.writeBigUInt64LE(BigInt(bytes), 8)
    header.writeUInt32LE(sm, 28)
    return Buffer.concat([header, Buffer.alloc(bytes, sm)])
  })
  const header = Buffer.alloc(16)
  header.writeUInt32LE(0xba55ed50, 0)
  header.writeUInt16LE(1, 4)
  header.writeUInt16LE(16, 6)
  header.writeBigUInt64LE(BigInt(Buffer.concat(body).length), 8)
  return Buffer.concat([header, ...body])
}

const code = Buffer.from('some code with the bytes \x50\xed\x55\xba in it, which begin no set', 'latin1')

it('keeps one architecture', () => {
  const before = [
    code,
    set({ sm: 80, bytes: 24 }, { sm: 90, bytes: 32 }, { kind: 1, sm: 90, bytes: 8 }),
    code,
    set({ sm: 80, bytes: 40 }),
  ]
  const library = Buffer.concat(before)
  expect(forOneArchitecture(library, 90)).toEqual({ images: 2, without: 1, zeroed: 32 })
  const [first = code] = before.slice(1)
  const wanted = Buffer.from(first)
  // the headers are 16 bytes, and 64 before each image
  wanted.fill(0, 80, 104)
  wanted.fill(0, 104 + 64 + 32 + 64)
  expect(library).toEqual(Buffer.concat([code, wanted, code, set({ sm: 80, bytes: 40 })]))
})
