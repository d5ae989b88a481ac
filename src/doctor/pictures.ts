import { type Finding, bad, firstLine, ok } from './finding.js'

/** sharp, which draws emoji and reads pictures, by one pixel. */
export async function inspectPictures(): Promise<Finding> {
  try {
    const { default: sharp } = await import('sharp')
    const pixel = { width: 1, height: 1, channels: 3, background: { r: 9, g: 8, b: 7 } } as const
    const data = await sharp({ create: pixel }).raw().toBuffer()
    if (data[0] !== 9) throw new Error('a picture of one pixel came back changed')
    return ok('pictures', `sharp ${sharp.versions.sharp ?? ''} with libvips ${sharp.versions.vips}`)
  } catch (error) {
    return bad('pictures', `sharp does not run: ${firstLine(error)}`, 'npm install --include=optional sharp')
  }
}
