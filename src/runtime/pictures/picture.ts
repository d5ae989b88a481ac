/** A picture in a file's form, as a source gives it: JPEG, PNG, WebP, GIF, TIFF or AVIF. */
export interface EncodedPicture {
  readonly kind: 'encoded'
  /** The bytes, or the file that holds them. */
  readonly bytes: Uint8Array | string
  /** Where it lies, for whom a bad one is told. */
  readonly name: string
}

/** A picture of 8 bits a channel: rows from the top, pixels from the left, the channels of a pixel together. */
export interface Pixels {
  readonly kind: 'pixels'
  readonly width: number
  readonly height: number
  /** Red, green and blue; the fourth says how opaque a pixel is. */
  readonly channels: 3 | 4
  readonly data: Uint8Array
}

export type Picture = EncodedPicture | Pixels

export const encoded = (bytes: Uint8Array | string, name: string): EncodedPicture => ({
  kind: 'encoded',
  bytes,
  name,
})

export const isPicture = (value: unknown): value is Picture =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  (value.kind === 'encoded' || value.kind === 'pixels')

/** An empty picture in red, green and blue. */
export const blank = (width: number, height: number): Pixels => ({
  kind: 'pixels',
  width,
  height,
  channels: 3,
  data: new Uint8Array(width * height * 3),
})
