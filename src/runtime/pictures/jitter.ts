import { type Pixels, blank } from './picture.js'

// Changes of colour, bit-equal to torchvision's on Pillow's pictures (ImageEnhance, Blend.c, Convert.c).

/** Brighter above 1, darker below; 0 is black. */
export const brightness = (picture: Pixels, factor: number): Pixels => blend(picture, () => 0, factor)

/** Away from the mean grey above 1, towards it below. */
export function contrast(picture: Pixels, factor: number): Pixels {
  const { data } = picture
  let sum = 0
  for (let at = 0; at < data.length; at += 3) sum += grey(data, at)
  const mean = Math.trunc(sum / (data.length / 3) + 0.5)
  return blend(picture, () => mean, factor)
}

/** More colourful above 1; 0 is grey. */
export const saturation = (picture: Pixels, factor: number): Pixels =>
  blend(picture, (at) => grey(picture.data, at), factor)

/** Turns the colours by a share of the circle, -0.5 to 0.5. */
export function hue(picture: Pixels, turn: number): Pixels {
  const { width, height, data } = picture
  const out = blank(width, height)
  const shift = Math.trunc(turn * 255) & 255
  for (let at = 0; at < data.length; at += 3) turnPixel(data, out.data, at, shift)
  return out
}

/** ITU-R 601 in 16 bits of fixed point. */
const grey = (data: Uint8Array, at: number): number =>
  ((data[at] ?? 0) * 19595 + (data[at + 1] ?? 0) * 38470 + (data[at + 2] ?? 0) * 7471 + 0x8000) >> 16

function blend({ width, height, data }: Pixels, ground: (at: number) => number, factor: number): Pixels {
  const out = blank(width, height)
  const alpha = Math.fround(factor)
  for (let at = 0; at < data.length; at += 3) {
    const from = ground(at)
    for (let c = at; c < at + 3; c++) {
      const value = Math.fround(from + Math.fround(alpha * ((data[c] ?? 0) - from)))
      out.data[c] = value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value)
    }
  }
  return out
}

const f = Math.fround

/** Through hue, saturation and value of 8 bits each. */
function turnPixel(from: Uint8Array, to: Uint8Array, at: number, shift: number): void {
  const [r, g, b] = [from[at] ?? 0, from[at + 1] ?? 0, from[at + 2] ?? 0]
  const most = Math.max(r, g, b)
  const least = Math.min(r, g, b)
  let [h, s] = [0, 0]
  if (most !== least) {
    const range = f(most - least)
    const [rc, gc, bc] = [f((most - r) / range), f((most - g) / range), f((most - b) / range)]
    const sixths = f(r === most ? f(bc - gc) : g === most ? 2 + rc - bc : 4 + gc - rc)
    const share = f((sixths / 6 + 1) % 1)
    h = Math.min(255, Math.trunc(share * 255))
    s = Math.min(255, Math.trunc(f(range / most) * 255))
  }
  h = (h + shift) & 255
  if (s === 0) {
    to.fill(most, at, at + 3)
    return
  }
  const sixth = Math.floor((h * 6) / 255)
  const rest = f((h * 6) / 255 - sixth)
  const share = f(s / 255)
  const p = byte(most * (1 - share))
  const q = byte(most * (1 - share * rest))
  const t = byte(most * (1 - share * (1 - rest)))
  const [red, green, blue] = [
    [most, t, p],
    [q, most, p],
    [p, most, t],
    [p, q, most],
    [t, p, most],
    [most, p, q],
  ][sixth % 6] ?? [0, 0, 0]
  to[at] = red ?? 0
  to[at + 1] = green ?? 0
  to[at + 2] = blue ?? 0
}

const byte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)))
