import type { Metadata, Sharp } from 'sharp'
import { SampleUnreadable } from '../sources/sample-unreadable.js'
import type { EncodedPicture, Picture, Pixels } from './picture.js'

/** What claims to be larger is refused before it is decoded: so many take 201 MB. */
const mostPixels = 2 ** 26

/** A picture as sharp opens it: nothing is decoded yet. Colour profiles are left out, as Pillow does. */
export async function opened({ bytes }: EncodedPicture): Promise<{ image: Sharp }> {
  // Loaded here: what decodes no picture needs no libvips.
  const { default: sharp } = await import('sharp')
  // Pictures are decoded side by side; within one, more threads only get in the way.
  sharp.concurrency(1)
  sharp.cache(false)
  const options = {
    failOn: 'error',
    limitInputPixels: mostPixels,
    ignoreIcc: true,
    sequentialRead: true,
  } as const
  // In an object, since a promise would wait for the picture itself.
  return { image: sharp(bytes, options) }
}

/**
 * The pixels of a picture, turned upright by its EXIF data: what Pillow's `exif_transpose` and `convert("RGB")` give, of
 * transparent ones `convert("RGBA")`. Throws SampleUnreadable.
 */
export async function decode(picture: Picture): Promise<Pixels> {
  if (picture.kind === 'pixels') return picture
  return reading(picture, async () => {
    const { image } = await opened(picture)
    const about = await image.metadata()
    const pixels = inSpace(image, about).autoOrient().raw()
    const { data, info } = await pixels.toBuffer({ resolveWithObject: true })
    const { width, height, channels } = info
    if (about.space === 'cmyk') return { kind: 'pixels', width, height, channels: 3, data: fromCmyk(data) }
    if (channels !== 3 && channels !== 4) throw new Error(`it has ${channels} channels`)
    return { kind: 'pixels', width, height, channels, data }
  })
}

/** What libvips says of a file that it cannot read concerns the sample. */
export async function reading<T>({ name }: EncodedPicture, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new SampleUnreadable(name, reasonOf(error.message))
  }
}

/** Without paths, since the sample is named before it, and of what is told of no file at all, in our words. */
function reasonOf(message: string): string {
  const [first = ''] = message.split('\n')
  const [, missing] = /^Input file is missing: (.*)$/.exec(first) ?? []
  if (missing !== undefined) return `there is no file ${missing}`
  if (/unsupported image format/.test(first)) return 'it is empty, or no JPEG, PNG, WebP, GIF, TIFF or AVIF'
  if (/exceeds pixel limit/.test(first))
    return `it declares more than ${mostPixels.toLocaleString('en')} pixels`
  return first === '' ? 'it cannot be decoded' : first
}

/** Inks are mixed here, since libvips would mix them by a profile. */
const inSpace = (image: Sharp, { space }: Metadata): Sharp =>
  space === 'cmyk' ? image.pipelineColourspace('cmyk').toColourspace('cmyk') : image.toColourspace('srgb')

/** As Pillow mixes inks: (255 - k) - c (255 - k) / 255, rounded. */
function fromCmyk(data: Uint8Array): Uint8Array {
  const out = new Uint8Array((data.length / 4) * 3)
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const light = 255 - (data[from + 3] ?? 0)
    for (let c = 0; c < 3; c++) out[to + c] = Math.max(0, light - dividedBy255((data[from + c] ?? 0) * light))
  }
  return out
}

function dividedBy255(product: number): number {
  const sum = product + 128
  return ((sum >> 8) + sum) >> 8
}
