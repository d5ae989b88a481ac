import type { Sharp, SharpInput } from 'sharp'
import { DataMissing } from '../dataset.js'

type SharpModule = (input: SharpInput) => Sharp

/** Drawn at twice the size, then reduced: finer edges than drawing at the size itself. */
const supersample = 2
/** Pictures under way at a time: as many as libuv has threads. */
const lanes = 4

/** Draws SVG documents on white; gives size x size x 3 bytes of each, plane by plane (red, green, blue). */
export async function rasterise(
  documents: readonly ((pixels: number) => string)[],
  size: number,
): Promise<readonly Uint8Array[]> {
  const sharp = await loadSharp()
  const plane = size * size
  const out = documents.map(() => new Uint8Array(plane * 3))
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < documents.length; index = next++) {
      const [document, picture] = [documents[index], out[index]]
      if (!document || !picture) continue
      const pixels = await sharp(Buffer.from(document(size * supersample)))
        .resize(size, size)
        .flatten({ background: '#ffffff' })
        .toColourspace('srgb')
        .raw()
        .toBuffer()
      for (let i = 0; i < plane; i++) {
        for (let c = 0; c < 3; c++) picture[c * plane + i] = pixels[i * 3 + c] ?? 0
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return out
}

/** Throws DataMissing where it is not installed. */
export async function loadSharp(): Promise<SharpModule> {
  try {
    return (await import('sharp')).default
  } catch {
    throw new DataMissing(
      'the npm package sharp, which draws the pictures, is not installed',
      'npm install --save-dev sharp',
    )
  }
}
