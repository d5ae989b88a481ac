import type { Box } from './geometry.js'
import type { Pixels } from './picture.js'

/**
 * What is left of a picture without lines of one colour at its edges, as a letter-box leaves them: the colour of the
 * corner at the upper left, within `tolerance` in each channel, since JPEG blurs it. A picture of one colour stays.
 */
export function withoutBorder(picture: Pixels, tolerance: number): Box {
  const { width, height, data } = picture
  const plain = (x: number, y: number): boolean => {
    const at = (y * width + x) * 3
    for (let c = 0; c < 3; c++) if (Math.abs((data[at + c] ?? 0) - (data[c] ?? 0)) > tolerance) return false
    return true
  }
  const plainRow = (y: number): boolean => {
    for (let x = 0; x < width; x++) if (!plain(x, y)) return false
    return true
  }
  let [top, bottom] = [0, height]
  while (top < height && plainRow(top)) top++
  if (top === height) return { left: 0, top: 0, width, height }
  while (plainRow(bottom - 1)) bottom--
  const plainColumn = (x: number): boolean => {
    for (let y = top; y < bottom; y++) if (!plain(x, y)) return false
    return true
  }
  let [left, right] = [0, width]
  while (plainColumn(left)) left++
  while (plainColumn(right - 1)) right--
  return { left, top, width: right - left, height: bottom - top }
}
