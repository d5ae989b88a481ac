import type { Colour } from '../../colour.js'
import { type Pixels, blank } from './picture.js'

export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A part of a picture in red, green and blue; what lies outside of it is black, as in Pillow's `Image.crop`. */
export function crop(picture: Pixels, box: Box, ground?: Colour): Pixels {
  const { width, height, data } = picture
  const whole = box.left === 0 && box.top === 0 && box.width === width && box.height === height
  if (whole) return picture
  const out = blank(box.width, box.height)
  if (ground) fill(out, ground)
  const left = Math.max(0, box.left)
  const right = Math.min(width, box.left + box.width)
  if (right <= left) return out
  for (let y = Math.max(0, box.top); y < Math.min(height, box.top + box.height); y++) {
    const line = data.subarray((y * width + left) * 3, (y * width + right) * 3)
    out.data.set(line, ((y - box.top) * box.width + left - box.left) * 3)
  }
  return out
}

/** The middle of a picture, cut as torchvision's `CenterCrop` does: halves are rounded to the even number. */
export function centreBox({ width, height }: Pixels, size: { width: number; height: number }): Box {
  // Where the picture is smaller, what is added goes left and above first.
  const start = (all: number, part: number): number =>
    part > all ? -Math.floor((part - all) / 2) : roundHalfEven((all - part) / 2)
  return { left: start(width, size.width), top: start(height, size.height), ...size }
}

/** As Python rounds. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value)
  return value - low === 0.5 ? low + (low % 2) : Math.round(value)
}

export function mirror({ width, height, data }: Pixels): Pixels {
  const out = blank(width, height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + width - 1 - x) * 3
      const to = (y * width + x) * 3
      out.data[to] = data[from] ?? 0
      out.data[to + 1] = data[from + 1] ?? 0
      out.data[to + 2] = data[from + 2] ?? 0
    }
  }
  return out
}

export function upsideDown({ width, height, data }: Pixels): Pixels {
  const out = blank(width, height)
  const stride = width * 3
  for (let y = 0; y < height; y++)
    out.data.set(data.subarray((height - 1 - y) * stride, (height - y) * stride), y * stride)
  return out
}

function fill({ data }: Pixels, colour: Colour): void {
  for (let i = 0; i < data.length; i++) data[i] = colour[i % 3] ?? 0
}

/** As a graph takes it: all red values, then all green, then all blue ones. */
export function planes({ width, height, data }: Pixels): Uint8Array {
  const plane = width * height
  const out = new Uint8Array(plane * 3)
  for (let i = 0, from = 0; i < plane; i++, from += 3) {
    out[i] = data[from] as number
    out[plane + i] = data[from + 1] as number
    out[2 * plane + i] = data[from + 2] as number
  }
  return out
}
